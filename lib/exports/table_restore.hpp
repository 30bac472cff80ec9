#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/exports.hpp"
#include "exports/row_changes.hpp"
#include "pg/connection.hpp"

namespace bkp::exports {

/// A table that is to have the exported rows again.
struct TablePlan {
  std::string section;
  config::SecretMode secret = config::SecretMode::keep;  ///< of the section
  RowSet exported;
  std::string
      query;  ///< that asks for them now: never the archive's, which somebody may have changed
  bool all = true;  ///< it asks for all that the export asked for: what it gives beyond is extra
  RowSet live;      ///< what its query gives now
  std::vector<RowChange> changes;  ///< from live to exported
  /// Columns of which values were redacted, whole or in part: such values are not written.
  std::set<std::string> left_out;

  bool operator==(const TablePlan& other) const { return changes == other.changes; }
};

/// Why the rows of an export cannot go back to where they are from; empty: they can.
std::string why_not_restorable(const RowSet& exported);

/// What the table lacks now, on a transaction with texts settled; of `plan` all but live, changes
/// and left_out is given. Throws DatabaseError;
/// Error{refused} where the table has not the columns any more.
TablePlan plan_table(pg::Connection& connection, TablePlan plan);

/// How much of a plan is carried out.
struct RestoreScope {
  bool delete_extra = false;  ///< rows that the export has not
};

/// Changes the tables of one database, in the caller's transaction: locks them, sees that they are
/// still as planned, deletes (where asked), writes, moves sequences beyond what was written, and
/// sees that the tables are then as exported. Those that are referred to come first, and what is
/// refused for a key that another row still has, or has not yet, is tried again behind the others.
/// Throws Error{refused} when a table has changed since, or is another one in the end;
/// DatabaseError for what the server refuses, without values of sections whose secrets are sealed
/// or redacted.
void restore_tables(pg::Connection& connection, std::vector<TablePlan> plans, RestoreScope scope);

}  // namespace bkp::exports
