#include "exports/row_changes.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace bkp::exports {

namespace {

/// The rows of `rows` in the columns of another set, by name.
std::vector<Row> in_columns_of(const RowSet& rows, const RowSet& other) {
  std::vector<std::optional<std::size_t>> places;
  for (const auto& column : other.columns) {
    const auto found = std::ranges::find(rows.columns, column.name, &Column::name);
    places.push_back(found == rows.columns.end()
                         ? std::nullopt
                         : std::optional{static_cast<std::size_t>(found - rows.columns.begin())});
  }
  std::vector<Row> result;
  for (const auto& row : rows.rows) {
    auto& aligned = result.emplace_back();
    for (const auto place : places) aligned.push_back(place ? row[*place] : std::nullopt);
  }
  return result;
}

bool have_columns(const RowSet& rows, const std::vector<std::string>& names) {
  return std::ranges::all_of(names, [&](const auto& name) {
    return std::ranges::find(rows.columns, name, &Column::name) != rows.columns.end();
  });
}

std::vector<std::size_t> differing_columns(const Row& before, const Row& after) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (before[i] != after[i]) columns.push_back(i);
  }
  return columns;
}

}  // namespace

std::string_view to_text(Change change) {
  constexpr std::array<std::string_view, 3> texts{"added", "removed", "changed"};
  return texts.at(static_cast<std::size_t>(change));
}

std::vector<RowChange> compare_rows(const RowSet& before, const RowSet& after) {
  const bool keyed = !after.key.empty() && have_columns(before, after.key);
  const auto key_of = [&](const Row& row) { return keyed ? after.key_of(row) : row; };
  std::multimap<Row, Row> left;
  for (auto& row : in_columns_of(before, after)) {
    auto key = key_of(row);
    left.emplace(std::move(key), std::move(row));
  }
  std::vector<RowChange> changes;
  for (const auto& row : after.rows) {
    const auto found = left.find(key_of(row));
    if (found == left.end()) {
      changes.push_back({Change::added, {}, row, {}});
      continue;
    }
    auto columns = differing_columns(found->second, row);
    if (!columns.empty())
      changes.push_back({Change::changed, std::move(found->second), row, std::move(columns)});
    left.erase(found);
  }
  for (auto& [key, row] : left) changes.push_back({Change::removed, std::move(row), {}, {}});
  return changes;
}

}  // namespace bkp::exports
