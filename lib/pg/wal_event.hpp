#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pg/lsn.hpp"
#include "pg/wal_reader.hpp"
#include "util/clock.hpp"

namespace bkp::pg {

/// A record at which recovery can stop by time, transaction or name: the end of a transaction
/// (xl_xact_commit, xl_xact_abort; PostgreSQL's src/include/access/xact.h) or a restore point
/// (xl_restore_point; src/include/access/xlog_internal.h).
struct WalEvent {
  enum class Kind { commit, abort, restore_point };
  Kind kind = Kind::commit;
  Lsn start;
  Lsn end;
  util::Time time;
  std::uint32_t transaction = 0;  ///< that ended; of a prepared one not the one it was
  std::string name;               ///< of a restore point
};

/// nullopt for a record of another kind.
std::optional<WalEvent> wal_event(const WalRecord& record);

}  // namespace bkp::pg
