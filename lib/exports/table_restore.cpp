#include "exports/table_restore.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "exports/secrets.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

std::string name_of(const pg::Connection& connection, const TableName& table) {
  return connection.identifier(table.schema) + "." + connection.identifier(table.name);
}

bool is_redacted(const std::optional<std::string>& value) {
  return value && value->find(redacted) != std::string::npos;
}

class TableWriter {
 public:
  TableWriter(pg::Connection& connection, const TablePlan& plan)
      : m_connection{connection},
        m_plan{plan},
        m_table{name_of(connection, *plan.exported.table)} {}

  void remove_extra() {
    for (const auto& change : m_plan.changes) {
      if (change.change != Change::removed) continue;
      Parameters parameters;
      const auto where = condition(change.before, parameters);
      run(fmt::format("DELETE FROM {} WHERE {}", m_table, where), parameters, change);
    }
  }

  void write() {
    for (const auto& change : m_plan.changes) {
      if (change.change == Change::added) insert(change);
      if (change.change == Change::changed) update(change);
    }
    move_sequences();
  }

 private:
  using Parameters = std::vector<pg::Parameter>;

  std::string column(std::size_t number) const {
    return m_connection.identifier(m_plan.exported.columns.at(number).source);
  }

  std::string condition(const Row& row, Parameters& parameters) const {
    std::vector<std::string> parts;
    for (const auto key : m_plan.exported.key_columns()) {
      parameters.push_back(row.at(key));
      parts.push_back(fmt::format("{} = ${}", column(key), parameters.size()));
    }
    return fmt::format("{}", fmt::join(parts, " AND "));
  }

  /// Redacted values are left to the row that is there, or to the column's default.
  bool is_written(std::size_t number, const Row& row) const {
    return !m_plan.exported.columns[number].generated && !is_redacted(row[number]);
  }

  void insert(const RowChange& change) {
    std::vector<std::string> columns;
    std::vector<std::string> values;
    Parameters parameters;
    for (std::size_t i = 0; i < change.after.size(); ++i) {
      if (!is_written(i, change.after)) continue;
      columns.push_back(column(i));
      parameters.push_back(change.after[i]);
      values.push_back(fmt::format("${}", parameters.size()));
    }
    run(fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})", m_table,
                    fmt::join(columns, ", "), fmt::join(values, ", ")),
        parameters, change);
  }

  void update(const RowChange& change) {
    std::vector<std::string> sets;
    Parameters parameters;
    for (const auto i : change.columns) {
      if (!is_written(i, change.after)) continue;
      parameters.push_back(change.after[i]);
      sets.push_back(fmt::format("{} = ${}", column(i), parameters.size()));
    }
    if (sets.empty()) return;
    const auto where = condition(change.before, parameters);
    run(fmt::format("UPDATE {} SET {} WHERE {}", m_table, fmt::join(sets, ", "), where), parameters,
        change);
  }

  void run(const std::string& sql, const Parameters& parameters, const RowChange& change) {
    const auto& row = change.after.empty() ? change.before : change.after;
    const auto what = fmt::format("restoring row {} of {}",
                                  util::printable(m_plan.exported.describe(row)), m_table);
    util::with_context(what, [&] {
      if (affected(sql, parameters) == 1) return;
      throw Error{ErrorKind::refused, "another number of rows than one was changed",
                  "a trigger or a rule of the table has a hand in it; nothing was restored"};
    });
  }

  std::int64_t affected(const std::string& sql, const Parameters& parameters) {
    try {
      return m_connection.exec(sql, parameters).affected();
    } catch (const pg::DatabaseError& error) {
      if (error.of_server() || !error.hint().empty()) throw;
      throw error.reworded(error.message(),
                           "nothing was restored; see what the table asks for now, and restore "
                           "other sections first or this one by hand (`bkp cat` shows the export)");
    }
  }

  /// What is given out next must not be there already.
  void move_sequences() {
    for (const auto& column : m_plan.exported.columns) {
      const auto sequence =
          m_connection.exec("SELECT pg_get_serial_sequence($1, $2)", {m_table, column.source});
      if (sequence.is_null(0, 0)) continue;
      m_connection.exec(
          fmt::format("SELECT setval($1::regclass, greatest((SELECT max({}) FROM {}), "
                      "(SELECT last_value FROM {})))",
                      m_connection.identifier(column.source), m_table, sequence.text(0, 0)),
          {std::string{sequence.text(0, 0)}});
    }
  }

  pg::Connection& m_connection;
  const TablePlan& m_plan;
  std::string m_table;
};

/// Those that are referred to before those that refer to them, as far as there is such an order.
std::vector<TablePlan> in_order_of_references(pg::Connection& connection,
                                              std::vector<TablePlan> plans) {
  std::set<std::pair<std::string, std::string>> references;
  const auto found = connection.exec(
      "SELECT a.nspname || '.' || r.relname, b.nspname || '.' || t.relname FROM pg_constraint "
      "JOIN pg_class r ON r.oid = conrelid JOIN pg_namespace a ON a.oid = r.relnamespace "
      "JOIN pg_class t ON t.oid = confrelid JOIN pg_namespace b ON b.oid = t.relnamespace "
      "WHERE contype = 'f' AND conrelid <> confrelid");
  for (int i = 0; i < found.rows(); ++i)
    references.emplace(std::string{found.text(i, 0)}, std::string{found.text(i, 1)});
  std::vector<TablePlan> ordered;
  while (!plans.empty()) {
    const auto refers_to_none = [&](const TablePlan& plan) {
      return std::ranges::none_of(plans, [&](const TablePlan& other) {
        return references.contains({plan.exported.table->text(), other.exported.table->text()});
      });
    };
    auto next = std::ranges::find_if(plans, refers_to_none);
    if (next == plans.end()) next = plans.begin();  // they refer to each other
    ordered.push_back(std::move(*next));
    plans.erase(next);
  }
  return ordered;
}

}  // namespace

std::string why_not_restorable(const RowSet& exported) {
  if (!exported.table) return "its columns are not those of one table";
  if (exported.key.empty())
    return "nothing tells its rows apart: give the table a primary key, or the section a `key`";
  return {};
}

TablePlan plan_table(pg::Connection& connection, const std::string& section, RowSet exported) {
  TablePlan plan;
  plan.section = section;
  std::vector<std::string> ignored;
  plan.live = read_rows(connection, exported.query, exported.key, ignored);
  if (plan.live.table != exported.table) {
    throw Error{ErrorKind::refused,
                fmt::format("section {}: its query does not read table {} any more",
                            util::quoted(section), util::quoted(exported.table->text())),
                "restore what you need of it by hand: `bkp cat` shows the export"};
  }
  for (const auto& column : exported.columns) {
    const auto live = std::ranges::find(plan.live.columns, column.name, &Column::name);
    if (live != plan.live.columns.end() && live->source == column.source) continue;
    throw Error{ErrorKind::refused,
                fmt::format("table {} has no column {} any more",
                            util::quoted(exported.table->text()), util::quoted(column.source)),
                "restore what you need of it by hand: `bkp cat` shows the export"};
  }
  if (plan.live.key != exported.key) {
    throw Error{ErrorKind::refused,
                fmt::format("({}) does not tell the rows of table {} apart any more",
                            fmt::join(exported.key, ", "), util::quoted(exported.table->text())),
                "mend the table first, or restore by hand: `bkp cat` shows the export"};
  }
  plan.exported = std::move(exported);
  plan.changes = compare_rows(plan.live, plan.exported);
  for (auto& change : plan.changes)
    std::erase_if(change.columns, [&](std::size_t i) { return is_redacted(change.after[i]); });
  std::erase_if(plan.changes, [](const RowChange& change) {
    return change.change == Change::changed && change.columns.empty();
  });
  return plan;
}

void restore_tables(pg::Connection& connection, std::vector<TablePlan> plans, RestoreScope scope) {
  for (auto& plan : plans) {
    connection.exec(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE",
                                name_of(connection, *plan.exported.table)));
    auto now = plan_table(connection, plan.section, plan.exported);
    if (now == plan) continue;
    throw Error{ErrorKind::refused,
                fmt::format("table {} has changed since the plan was made",
                            util::quoted(plan.exported.table->text())),
                "nothing was restored; run it again, and look at the plan"};
  }
  connection.exec("SET CONSTRAINTS ALL DEFERRED");
  const auto ordered = in_order_of_references(connection, std::move(plans));
  if (scope.delete_extra) {
    for (auto plan = ordered.rbegin(); plan != ordered.rend(); ++plan)
      TableWriter{connection, *plan}.remove_extra();
  }
  for (const auto& plan : ordered) TableWriter{connection, plan}.write();
}

}  // namespace bkp::exports
