#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "pg/connection.hpp"
#include "pg/wal_name.hpp"
#include "util/clock.hpp"

namespace bkp::wal {

/// What a server says of its archiving: pg_stat_archiver and its settings.
struct Archiver {
  std::string mode;     ///< archive_mode: off, on, always
  std::string command;  ///< archive_command
  bool in_recovery = false;
  std::string last_archived;  ///< a file's name; empty: none yet
  std::optional<util::Time> last_archived_at;
  std::string last_failed;
  std::optional<util::Time> last_failed_at;
  std::int64_t failed_count = 0;
  std::optional<std::int64_t> waiting;  ///< files; nullopt where the role may not ask
  std::chrono::seconds timeout{0};      ///< archive_timeout; 0: off
  pg::WalSegmentSize segment_size = 0;

  /// The last attempt failed.
  bool failing() const;
  /// How old the oldest change may be that is archived nowhere. A server that has nothing to
  /// archive ends no segment, so while none waits it is archive_timeout at most. nullopt when
  /// nothing was ever archived and there is no limit.
  std::optional<std::chrono::seconds> lag(util::Time now) const;
};

/// Throws Error{database}.
Archiver ask_archiver(pg::Connection& server);

}  // namespace bkp::wal
