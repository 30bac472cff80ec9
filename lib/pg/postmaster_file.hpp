#pragma once

#include <sys/types.h>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace bkp::pg {

/// postmaster.pid, which lies in the data directory of a server that runs, or that was killed:
/// PostgreSQL's src/include/utils/pidfile.h.
struct PostmasterFile {
  pid_t pid = 0;
  std::int64_t started_at = 0;  ///< seconds since 1970

  /// Whether that process is there and may be the server of this directory: after a crash of the
  /// machine the number is another's.
  bool is_alive_in(const std::filesystem::path& data_directory) const;
};

/// nullopt where there is none, or none that is whole.
std::optional<PostmasterFile> read_postmaster_file(const std::filesystem::path& data_directory);

}  // namespace bkp::pg
