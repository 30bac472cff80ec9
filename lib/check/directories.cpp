#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "check/topics.hpp"
#include "run/state.hpp"
#include "util/text.hpp"

namespace bkp::check {

namespace {

using util::Error;
using util::ErrorKind;

/// The directory, or, where it is still to be made, the last one on the way to it.
std::filesystem::path nearest_existing(std::filesystem::path directory) {
  std::error_code error;
  while (directory.has_relative_path() && !std::filesystem::exists(directory, error))
    directory = directory.parent_path();
  return directory;
}

/// Whether it can be written to, or made.
bool examine_directory(std::string_view key, const std::filesystem::path& directory,
                       const std::string& check, Findings& findings) {
  const auto existing = nearest_existing(directory);
  if (::faccessat(AT_FDCWD, existing.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0) return true;
  const auto what =
      existing == directory
          ? fmt::format("{} cannot be written to", util::quoted(directory.string()))
          : fmt::format("{} cannot be made: {} cannot be written to",
                        util::quoted(directory.string()), util::quoted(existing.string()));
  findings.error(
      check,
      Error{ErrorKind::store, fmt::format("{} ({})", what, key),
            fmt::format("give the directory to the user who runs bkp, or set {} elsewhere", key)});
  return false;
}

}  // namespace

void examine_directories(const config::Config& config, Findings& findings) {
  constexpr auto key = "catalog.spool_directory";
  if (examine_directory(key, config.catalog.spool_directory, "spool", findings)) {
    for (const auto* const kind : {"schedule", "notify"})
      examine_directory(key, run::state_path(config, kind), kind, findings);
  }
  examine_directory("recover.scratch_directory", config.recover.scratch_directory, "scratch",
                    findings);
  if (config.runbook.path)
    examine_directory("runbook.path", config.runbook.path->parent_path(), "runbook", findings);
}

}  // namespace bkp::check
