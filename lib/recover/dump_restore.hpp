#pragma once

#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "pg/archive_reader.hpp"
#include "pg/connection.hpp"
#include "run/context.hpp"
#include "store/store.hpp"
#include "util/fd.hpp"

namespace bkp::recover {

/// A dump fetched from a store, proven against its manifest, decompressed, with the offsets filled
/// in, in a file without a name in the scratch directory: gone with this object, also after a
/// crash.
struct PreparedDump {
  util::Fd file;
  std::vector<pg::ArchiveEntry> entries;  ///< empty when the archive's format is unknown
};

/// Throws Error{damaged} before anything of the dump is used when a byte differs; Error{refused}
/// when the scratch directory's file system has not the space for it (names both figures and the
/// setting).
PreparedDump prepare_dump(run::Context& context, store::Store& store, const backup::Layout& layout,
                          const backup::Manifest& manifest);

struct PgRestoreOptions {
  int jobs = 1;
  /// Dump ids of the entries to restore; empty = all.
  std::vector<int> only;
  bool no_owner = false;
  bool no_privileges = false;
};

/// Runs pg_restore --exit-on-error of `dump` into the database `target` names. Throws
/// Error{database} quoting what pg_restore said, or Error{damaged} when it says the archive is no
/// good.
void run_pg_restore(run::Context& context, const PreparedDump& dump, const pg::Conninfo& target,
                    int server_version, const PgRestoreOptions& options);

}  // namespace bkp::recover
