#pragma once

#include <string>
#include <vector>

#include "exports/difference.hpp"
#include "exports/file_restore.hpp"
#include "exports/table_restore.hpp"
#include "run/context.hpp"

namespace bkp::exports {

struct RestoreRequest {
  std::vector<std::string> sections;  ///< empty: all
  RestoreScope scope;
  bool reveal = false;
};

/// What a restore of an export would change.
struct RestorePlan {
  Difference difference;           ///< from now to the export
  std::vector<TablePlan> tables;   ///< those that differ
  std::vector<FilePlan> files;     ///< likewise
  std::vector<std::string> notes;  ///< what is not restored, and what to do then
  std::size_t extra_rows = 0;      ///< that the export has not

  bool empty() const { return tables.empty() && files.empty(); }
};

/// Compares the sections with what is there now. Throws Error{not_found} for a section the export
/// has not; Error{refused} for one that was named and cannot be restored, and for what plan_table()
/// and plan_file() refuse; what asking the databases and the files throws.
RestorePlan plan_restore(run::Context& context, const Contents& exported,
                         const RestoreRequest& request);

/// Carries it out: all or nothing. The databases' transactions are committed when all tables and
/// files are written; what is taken back when something fails is all but databases that were
/// committed before another's commit failed, which the error says. Replaced files are kept in
/// `saved`, with a journal (restore_journal.hpp).
void carry_out(run::Context& context, const RestorePlan& plan, const RestoreRequest& request,
               const std::filesystem::path& saved);

}  // namespace bkp::exports
