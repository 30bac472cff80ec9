#pragma once

#include <cstdint>
#include <string>

#include "pg/connection.hpp"
#include "pg/lsn.hpp"
#include "util/clock.hpp"

namespace bkp::physical {

/// The session that keeps the server in backup mode: pg_backup_start() and pg_backup_stop(), which
/// must come from the same one. A session that ends in between ends the backup, and nothing else
/// has to be undone.
class BackupSession {
 public:
  /// Throws Error{database}; Error{refused} for a server that does not archive, since without its
  /// WAL the backup is worth nothing.
  BackupSession(const pg::Conninfo& cluster, const util::Interrupt& interrupt);

  pg::Connection& connection() { return m_connection; }

  /// Makes a checkpoint at once. Returns the LSN at which recovery will begin.
  pg::Lsn start(const std::string& label);

  struct Stopped {
    pg::Lsn lsn;    ///< where the backup is consistent
    util::Time at;  ///< by the server's clock
    std::string label_file;
    std::string tablespace_map;  ///< empty when there are no tablespaces
  };
  /// Does not wait for the WAL.
  Stopped stop();
  /// By the server's clock.
  util::Time now();

 private:
  pg::Connection m_connection;
};

/// The timeline and the redo location in a backup_label, and where it is from. Throws
/// Error{damaged}. Source: PostgreSQL's src/backend/access/transam/xlogrecovery.c
/// (read_backup_label).
struct BackupLabel {
  pg::Lsn start;
  std::uint32_t timeline = 0;
};
BackupLabel parse_backup_label(std::string_view text);

/// What a backup_label says more when the backup is built on the one that began there. Servers from
/// PostgreSQL 17 on refuse to start with these lines, which pg_combinebackup(1) wants to see.
std::string incremental_label_lines(pg::Lsn start_before, std::uint32_t timeline_before);
/// The label without them.
std::string without_incremental_lines(std::string_view label);

}  // namespace bkp::physical
