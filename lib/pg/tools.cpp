#include "pg/tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "util/error.hpp"
#include "util/programs.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace fs = std::filesystem;

namespace {

/// From 10 on the first number is the major version, before that the first two are.
int major_of(int version) {
  return version >= 100000 ? version / 10000 * 10000 : version / 100 * 100;
}

std::string format_major(int version) {
  return version >= 100000 ? fmt::format("{}", version / 10000)
                           : fmt::format("{}.{}", version / 10000, version / 100 % 100);
}

/// Takes digits off the front.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<int> take_dotted_number(std::string_view& text) {
  if (!text.starts_with('.')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  return take_number(text);
}

/// "pg_dump (PostgreSQL) 15.20 (Debian …)", "… 9.6.24", "… 17devel".
std::optional<int> parse_version(std::string_view output) {
  constexpr std::string_view product = "(PostgreSQL) ";
  const std::size_t at = output.find(product);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  output.remove_prefix(at + product.size());
  const std::optional<int> first = take_number(output);
  if (!first || *first < 1 || *first > 1000) {
    return std::nullopt;
  }
  const int second = take_dotted_number(output).value_or(0);
  if (*first >= 10) {
    return *first * 10000 + second;
  }
  return *first * 10000 + second * 100 + take_dotted_number(output).value_or(0);
}

void add_if_program(std::vector<fs::path>& programs, const fs::path& path) {
  if (util::is_program(path) &&
      std::find(programs.begin(), programs.end(), path) == programs.end()) {
    programs.push_back(path);
  }
}

/// Adds PARENT/*/bin/PROGRAM where the directory's name starts with `prefix`.
void add_versions_under(std::vector<fs::path>& programs, const fs::path& parent,
                        std::string_view prefix, const std::string& program) {
  std::error_code ignored;
  std::vector<fs::path> directories;
  for (const fs::directory_entry& entry : fs::directory_iterator{parent, ignored}) {
    if (entry.path().filename().native().starts_with(prefix)) {
      directories.push_back(entry.path());
    }
  }
  // The order of a directory is chance; what is chosen must not be.
  std::sort(directories.begin(), directories.end());
  for (const fs::path& directory : directories) {
    add_if_program(programs, directory / "bin" / program);
  }
}

struct Found {
  fs::path path;
  int version;
};

/// The same major version is best, then the nearest newer one; never an older one.
const Found* best(const std::vector<Found>& found, int server_version) {
  const Found* chosen = nullptr;
  for (const Found& one : found) {
    if (major_of(one.version) >= major_of(server_version) &&
        (chosen == nullptr || major_of(one.version) < major_of(chosen->version))) {
      chosen = &one;
    }
  }
  return chosen;
}

std::string describe(const std::vector<Found>& found) {
  std::string text;
  for (const Found& one : found) {
    text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", format_version(one.version),
                        util::quoted(one.path.parent_path().native()));
  }
  return text;
}

}  // namespace

std::string format_version(int version) {
  if (version >= 100000) {
    return fmt::format("{}.{}", version / 10000, version % 10000);
  }
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

Tools::Tools(std::optional<fs::path> bin_directory, util::ProcessRunner& processes,
             const util::Environment& environment)
    : m_bin_directory{std::move(bin_directory)},
      m_processes{processes},
      m_environment{environment} {}

std::vector<fs::path> Tools::candidates(const std::string& program) const {
  std::vector<fs::path> programs;
  if (m_bin_directory) {
    add_if_program(programs, *m_bin_directory / program);
    return programs;
  }
  add_versions_under(programs, "/usr/lib/postgresql", "", program);
  add_versions_under(programs, "/usr", "pgsql-", program);
  for (const fs::path& path : util::programs_in_path(program, m_environment)) {
    add_if_program(programs, path);
  }
  return programs;
}

std::optional<int> Tools::version_of(const fs::path& program) {
  util::Command command;
  command.argv = {program.native(), "--version"};
  command.environment = m_environment.for_child();
  try {
    const util::Finished finished = m_processes.run(std::move(command));
    return finished.status.success() ? parse_version(finished.standard_output) : std::nullopt;
  } catch (const util::Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) {
      throw;
    }
    return std::nullopt;
  }
}

fs::path Tools::find(const std::string& program, int server_version) {
  std::vector<Found> found;
  for (const fs::path& path : candidates(program)) {
    if (const std::optional<int> version = version_of(path)) {
      found.push_back({path, *version});
    }
  }
  if (const Found* chosen = best(found, server_version)) {
    return chosen->path;
  }
  const std::string place =
      m_bin_directory ? " in " + util::quoted(m_bin_directory->native()) : std::string{};
  const std::string major = format_major(server_version);
  throw util::Error{
      util::ErrorKind::database,
      found.empty() ? fmt::format("no {} was found{}", program, place)
                    : fmt::format("no {} fits the server, a PostgreSQL {}: found {}", program,
                                  format_version(server_version), describe(found)),
      fmt::format("install version {0} or newer (Debian: postgresql-client-{0}), or set "
                  "cluster.bin_directory to the directory that holds it",
                  major)};
}

}  // namespace bkp::pg
