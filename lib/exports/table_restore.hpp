#pragma once

#include <string>
#include <vector>

#include "exports/row_changes.hpp"
#include "pg/connection.hpp"

namespace bkp::exports {

/// A table that is to have the exported rows again.
struct TablePlan {
  std::string section;
  RowSet exported;
  RowSet live;                     ///< what its query gives now
  std::vector<RowChange> changes;  ///< from live to exported

  bool operator==(const TablePlan& other) const { return changes == other.changes; }
};

/// Why the rows of an export cannot go back to where they are from; empty: they can.
std::string why_not_restorable(const RowSet& exported);

/// What the table lacks now, on a transaction with texts settled. Throws DatabaseError;
/// Error{refused} where the table has not the columns any more.
TablePlan plan_table(pg::Connection& connection, const std::string& section, RowSet exported);

/// How much of a plan is carried out.
struct RestoreScope {
  bool delete_extra = false;  ///< rows that the export has not
};

/// Changes the tables of one database, in the caller's transaction: locks them, sees that they are
/// still as planned, deletes (where asked) those that refer first, writes those that are referred
/// to first, and moves sequences beyond what was written. Redacted values stay as they are. Throws
/// Error{refused} when a table has changed since, DatabaseError for what the server refuses.
void restore_tables(pg::Connection& connection, std::vector<TablePlan> plans, RestoreScope scope);

}  // namespace bkp::exports
