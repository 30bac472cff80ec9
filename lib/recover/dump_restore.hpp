#pragma once

#include <vector>

#include "pg/conninfo.hpp"
#include "recover/dump_file.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::recover {

/// pg_restore could not do its work for a reason of this host: there is none that fits, or somebody
/// killed it. Says nothing about the dump.
class ProgramFailure : public util::Error {
 public:
  using Error::Error;
};

struct DumpRestoreOptions {
  int jobs = 1;
  /// Dump ids of the entries to restore; empty = all.
  std::vector<int> only;
  bool no_owner = false;
  bool no_privileges = false;
};

/// Restores `dump` into the empty database `target` names: the definitions by pg_restore as soon as
/// the table of contents is there, the tables' data by load_tables() while the dump is still being
/// decompressed, and by pg_restore again what follows (large objects, indexes, constraints,
/// privileges). An archive that load_tables() is not for goes through pg_restore whole. Throws
/// DatabaseError for a table's data, naming table and row, Error{database} quoting what pg_restore
/// said, ProgramFailure (Error{database}), or Error{damaged} when the archive is no good.
void restore_dump(run::Context& context, DumpFile& dump, const pg::Conninfo& target,
                  int server_version, const DumpRestoreOptions& options);

}  // namespace bkp::recover
