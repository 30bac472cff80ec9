#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "util/environment.hpp"
#include "util/process.hpp"

namespace bkp::pg {

/// PostgreSQL's own programs on this machine: pg_dump, pg_dumpall, pg_restore.
/// pg_dump refuses servers newer than itself, so the major version must be at least the server's.
class Tools {
 public:
  /// Looks in `bin_directory` (from the configuration) and nowhere else; without one, in
  /// /usr/lib/postgresql/*/bin (Debian), /usr/pgsql-*/bin (RPM), and PATH.
  Tools(std::optional<std::filesystem::path> bin_directory, util::ProcessRunner& processes,
        const util::Environment& environment);

  /// The program's path, fit for a server of `server_version` (150018 = 15.18): of the same major
  /// version or else the next newer, the first that was found. Throws Error{database} that names
  /// what was found where and which package or setting helps.
  std::filesystem::path find(const std::string& program, int server_version);

  /// "15.18" → 150018 as `program --version` reports it; nullopt if it does not run.
  std::optional<int> version_of(const std::filesystem::path& program);

 private:
  std::vector<std::filesystem::path> candidates(const std::string& program) const;
  std::optional<std::filesystem::path> m_bin_directory;
  util::ProcessRunner& m_processes;
  const util::Environment& m_environment;
};

/// 150018 → "15.18", 90624 → "9.6.24".
std::string format_version(int version);

}  // namespace bkp::pg
