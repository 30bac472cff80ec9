#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/lsn.hpp"
#include "util/clock.hpp"

namespace bkp::recover {

/// Where a recovery is to end (PostgreSQL's documentation, "Recovery Target").
struct RecoveryTarget {
  enum class Kind {
    latest,     ///< the end of the archive
    immediate,  ///< as soon as the backup is consistent
    time,
    lsn,
    transaction,
    name,  ///< of a restore point, pg_create_restore_point()
  };
  Kind kind = Kind::latest;
  util::Time time;
  pg::Lsn lsn;
  std::uint32_t transaction = 0;
  std::string name;
  bool inclusive = true;  ///< just after, not just before
  /// "latest", "current", or a number.
  std::string timeline = "latest";
};

/// For people: "2026-11-27T03:00:00Z", "LSN 0/3000060", "the end of the archive".
std::string describe(const RecoveryTarget& target);

struct ServerSetting {
  std::string name;
  std::string value;
};

/// recovery_target_… of postgresql.conf; `timeline` is the one that was found for the target.
std::vector<ServerSetting> settings_of(const RecoveryTarget& target, std::uint32_t timeline);

/// "name = 'value'" with what postgresql.conf needs to be quoted.
std::string to_line(const ServerSetting& setting);

}  // namespace bkp::recover
