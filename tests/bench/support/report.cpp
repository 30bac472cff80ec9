#include "bench/support/report.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

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

using Line = std::array<std::string, 8>;

std::string seconds(double value) {
  return fmt::format("{:.2f}s", value);
}

std::string size_or_nothing(std::uint64_t bytes) {
  return bytes == 0 ? "" : util::format_size(bytes);
}

Line line_of(const Row& row, const Row& first) {
  const auto& [figures, size, moved] = row;
  const double rate = static_cast<double>(moved) / figures.wall_seconds / 1e9;
  return {figures.name,
          seconds(figures.wall_seconds),
          seconds(figures.slowest_seconds),
          seconds(figures.cpu_seconds),
          size_or_nothing(figures.peak_memory),
          size_or_nothing(size),
          moved == 0 ? "" : fmt::format("{:.2f} GB/s", rate),
          fmt::format("{:.2f}", figures.wall_seconds / first.figures.wall_seconds)};
}

/// Whether any row, below the title, has something in this column.
bool is_said(const std::vector<Line>& lines, std::size_t column) {
  return std::any_of(lines.begin() + 1, lines.end(),
                     [&](const Line& line) { return !line[column].empty(); });
}

void print_goal(std::string_view what, double value, std::string_view unit, bool met,
                std::string_view bound, double limit) {
  if (!met) ++goals_missed;
  fmt::print("  {} {}: {:.3g}{}, {} {:.3g}{}\n", met ? "met   " : "MISSED", what, value, unit,
             bound, limit, unit);
  std::fflush(stdout);
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
  std::vector<Line> lines{{"", "wall", "slowest", "cpu", "memory", "size", "rate", "ratio"}};
  for (const auto& row : rows) lines.push_back(line_of(row, rows.front()));
  for (const auto& line : lines) {
    fmt::print("  {:<44}", line.front());
    for (std::size_t column = 1; column < line.size(); ++column) {
      if (is_said(lines, column)) fmt::print(" {:>10}", line[column]);
    }
    fmt::print("\n");
  }
  std::fflush(stdout);
}

void print_goal(std::string_view what, double value, double most, std::string_view unit) {
  // A byte more or less in hundreds of millions is the time in the dump's header.
  print_goal(what, value, unit, value <= most + 1e-6, "at most", most);
}

void print_goal_at_least(std::string_view what, double value, double least, std::string_view unit) {
  print_goal(what, value, unit, value >= least, "at least", least);
}

int missed() {
  return goals_missed;
}

}  // namespace bkp::bench
