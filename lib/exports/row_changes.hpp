#pragma once

#include <string>
#include <vector>

#include "exports/rows.hpp"

namespace bkp::exports {

enum class Change { added, removed, changed };

std::string_view to_text(Change change);

struct RowChange {
  Change change = Change::changed;
  Row before;                        ///< in the columns of `after`; empty for one that is new
  Row after;                         ///< empty for one that is gone
  std::vector<std::size_t> columns;  ///< of a changed one: those that differ
  bool operator==(const RowChange&) const = default;
};

/// What makes of `before` the rows of `after`: by the key of `after` where both have it, else a row
/// that differs is one that is gone and one that is new. In the order of `after`, those that are
/// gone behind it. A column that `before` has not is null there.
std::vector<RowChange> compare_rows(const RowSet& before, const RowSet& after);

}  // namespace bkp::exports
