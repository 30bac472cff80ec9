#include "bench/report.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fstream>

#include "util/units.hpp"

namespace bkp::bench {

namespace {

int goals_missed = 0;

/// The value of the first line "key : value".
std::string first_value(const char* file, std::string_view key) {
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    const auto start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "unknown";
}

}  // namespace

std::string machine() {
  utsname system{};
  ::uname(&system);
  return fmt::format("{} × {}, {} of memory, {} {}", ::sysconf(_SC_NPROCESSORS_ONLN),
                     first_value("/proc/cpuinfo", "model name"),
                     first_value("/proc/meminfo", "MemTotal"), system.sysname, system.release);
}

void print_title(std::string_view title) {
  fmt::print("\n{}\n", title);
}

void print_table(const std::vector<Row>& rows) {
  fmt::print("  {:<44} {:>8} {:>8} {:>8} {:>10} {:>10} {:>7}\n", "", "wall", "slowest", "cpu",
             "memory", "size", "ratio");
  for (const auto& [figures, bytes] : rows) {
    fmt::print("  {:<44} {:>7.2f}s {:>7.2f}s {:>7.2f}s {:>10} {:>10} {:>7.2f}\n", figures.name,
               figures.wall_seconds, figures.slowest_seconds, figures.cpu_seconds,
               util::format_size(figures.peak_memory), bytes == 0 ? "" : util::format_size(bytes),
               figures.wall_seconds / rows.front().figures.wall_seconds);
  }
  std::fflush(stdout);
}

void print_goal(std::string_view what, double value, double most, std::string_view unit) {
  // A byte more or less in hundreds of millions is the time in the dump's header.
  const bool met = value <= most + 1e-6;
  if (!met) ++goals_missed;
  fmt::print("  {} {}: {:.3g}{}, at most {:.3g}{}\n", met ? "met   " : "MISSED", what, value, unit,
             most, unit);
  std::fflush(stdout);
}

int missed() {
  return goals_missed;
}

}  // namespace bkp::bench
