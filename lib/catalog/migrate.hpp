#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::catalog {

struct MigrationOutcome {
  bool database_created = false;
  int from_version = 0;  ///< 0: there was no schema
  int to_version = 0;
  std::vector<std::string> applied;  ///< file names
  /// What could not be done and need not be: roles this user may not make.
  std::vector<std::string> notices;
};

/// The newest schema version this program knows (the highest number in migrations/).
int newest_version();

/// Brings the schema up to newest_version(): all missing migrations (embedded from
/// migrations/NNN_name.sql) in one transaction under an advisory lock, then migrations/grants.sql;
/// safe to repeat and to run twice at once. With `create_database`, a missing catalog database is
/// created first (UTF-8; through database `postgres`). A schema newer than known is
/// Error{database}; a file changed after it was applied (by SHA-256) too. With `dry_run` nothing
/// changes, and the outcome is what would be done.
///
/// The roles bkp_owner, bkp_writer and bkp_reader are made where they are missing and the user may.
/// A user who may act as bkp_owner gives it the schema; else the schema is that user's own. A user
/// who owns neither may call this on a schema that is up to date; otherwise it throws.
MigrationOutcome migrate(const pg::Conninfo& conninfo, const std::string& schema,
                         bool create_database, bool dry_run, const util::Interrupt& interrupt);

}  // namespace bkp::catalog
