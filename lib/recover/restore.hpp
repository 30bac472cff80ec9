#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backup/source.hpp"
#include "recover/dump_restore.hpp"
#include "recover/globals.hpp"
#include "recover/restore_plan.hpp"
#include "recover/selection.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// A proven dump with everything chosen and nothing changed yet.
struct ReadyRestore {
  std::unique_ptr<DumpFile> dump;
  Selection selection;  ///< of a partial restore
  Globals globals;
  std::vector<std::string> missing_roles;     ///< needed and not on the server
  std::vector<std::string> loose_references;  ///< of a partial restore, in words
};

/// Fetches and proves; see DumpFile. For a partial restore, chooses the entries: an archive of
/// an unknown version cannot be taken apart, Error{refused}. Refused likewise when this role may
/// not give objects to their owners, unless the request does without.
ReadyRestore get_ready(run::Context& context, pg::Connection& maintenance,
                       const backup::Source& source, const RestoreRequest& request);

/// Creates the missing roles from the backup's globals, when the request or the person at the
/// terminal says so; otherwise Error{refused} naming them. Returns those created.
std::vector<std::string> settle_roles(run::Context& context, pg::Connection& maintenance,
                                      const ReadyRestore& ready, const RestoreRequest& request);

struct RestoreOutcome {
  std::string database;  ///< where the data is now
  std::string kept_as;   ///< the old one after a swap; empty otherwise
  double seconds = 0;    ///< from the database's creation to its last row, index and statistics
};

/// Makes the new database, restores into it, gathers statistics and, when asked, swaps. `check` is
/// called with the restored database before a swap; what it throws stops it. On any failure the new
/// database is dropped and the old one is as it was; killed, it leaves one that
/// unfinished_restores() names.
RestoreOutcome carry_out(run::Context& context, const pg::Conninfo& maintenance,
                         const backup::Source& source, const ReadyRestore& ready,
                         const RestorePlan& plan,
                         const std::function<void(const pg::Conninfo&)>& check);

}  // namespace bkp::recover
