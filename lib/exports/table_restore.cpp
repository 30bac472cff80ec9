#include "exports/table_restore.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "exports/secrets.hpp"
#include "pg/sqlstate.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

std::string name_of(const pg::Connection& connection, const TableName& table) {
  return connection.identifier(table.schema) + "." + connection.identifier(table.name);
}

/// It was not exported, at least not whole.
bool is_left_out(const TablePlan& plan, const std::optional<std::string>& value) {
  return plan.secret == config::SecretMode::redact && value &&
         value->find(redacted) != std::string::npos;
}

/// The statement that a change of a row comes to.
class RowStatement {
 public:
  RowStatement(pg::Connection& connection, const TablePlan& plan, const RowChange& change)
      : m_connection{connection}, m_plan{plan}, m_change{change} {
    switch (change.change) {
      case Change::added:
        insert();
        return;
      case Change::changed:
        update();
        return;
      case Change::removed:
        m_sql = fmt::format("DELETE FROM {} WHERE {}", table(), condition());
    }
  }

  /// Throws DatabaseError; Error{refused} where it is not this row alone that changes.
  void run() {
    if (m_sql.empty()) return;
    util::with_context(
        fmt::format("restoring row {} of {}", util::printable(row_name()), table()), [&] {
          if (affected() == 1) return;
          throw Error{ErrorKind::refused, "another number of rows than one was changed",
                      "a trigger or a rule of the table has a hand in it; nothing "
                      "was restored"};
        });
  }

 private:
  std::string table() const { return name_of(m_connection, *m_plan.exported.table); }
  std::string column(std::size_t number) const {
    return m_connection.identifier(m_plan.exported.columns.at(number).source);
  }
  std::string row_name() const {
    return m_plan.exported.describe(m_change.after.empty() ? m_change.before : m_change.after);
  }
  /// The number of a new parameter with that value.
  std::string parameter(pg::Parameter value) {
    m_parameters.push_back(std::move(value));
    return fmt::format("${}", m_parameters.size());
  }

  std::string condition() {
    std::vector<std::string> parts;
    for (const auto key : m_plan.exported.key_columns())
      parts.push_back(fmt::format("{} = {}", column(key), parameter(m_change.before.at(key))));
    return fmt::format("{}", fmt::join(parts, " AND "));
  }

  bool is_written(std::size_t number) const {
    return !m_plan.exported.columns[number].generated &&
           !is_left_out(m_plan, m_change.after[number]);
  }

  void insert() {
    std::vector<std::string> columns;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < m_change.after.size(); ++i) {
      if (!is_written(i)) continue;
      columns.push_back(column(i));
      values.push_back(parameter(m_change.after[i]));
    }
    m_sql = fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})", table(),
                        fmt::join(columns, ", "), fmt::join(values, ", "));
  }

  void update() {
    std::vector<std::string> sets;
    for (const auto i : m_change.columns) {
      if (is_written(i))
        sets.push_back(fmt::format("{} = {}", column(i), parameter(m_change.after[i])));
    }
    if (sets.empty()) return;
    const auto where = condition();
    m_sql = fmt::format("UPDATE {} SET {} WHERE {}", table(), fmt::join(sets, ", "), where);
  }

  std::int64_t affected() {
    try {
      return m_connection.exec(m_sql, m_parameters).affected();
    } catch (const pg::DatabaseError& error) {
      if (error.of_server()) throw;
      // The server quotes the row it refuses.
      const auto message =
          m_plan.secret == config::SecretMode::keep
              ? error.message()
              : fmt::format("the server refuses it (SQLSTATE {}); what it says has values in it",
                            error.sqlstate());
      throw pg::DatabaseError{
          message,
          "nothing was restored; see what the table asks for now, and restore other sections "
          "first or this one by hand (`bkp cat` shows the export)",
          error.sqlstate(), false};
    }
  }

  pg::Connection& m_connection;
  const TablePlan& m_plan;
  const RowChange& m_change;
  std::string m_sql;
  std::vector<pg::Parameter> m_parameters;
};

Error no_key_any_more(const TablePlan& plan) {
  return {
      ErrorKind::refused,
      fmt::format("({}) does not tell the rows of table {} apart any more",
                  fmt::join(plan.exported.key, ", "), util::quoted(plan.exported.table->text())),
      "mend the table first, or restore by hand: `bkp cat` shows the export"};
}

/// Whether another change may make room for what was refused.
bool may_be_too_early(const pg::DatabaseError& error) {
  return error.sqlstate() == pg::sqlstate::unique_violation ||
         error.sqlstate() == pg::sqlstate::foreign_key_violation;
}

/// All of them, in this order as far as the tables' keys allow.
void run_all(pg::Connection& connection, std::vector<RowStatement> statements) {
  while (!statements.empty()) {
    std::vector<RowStatement> refused;
    std::optional<pg::DatabaseError> why;
    const auto before = statements.size();
    for (auto& statement : statements) {
      connection.exec("SAVEPOINT row");
      try {
        statement.run();
        connection.exec("RELEASE SAVEPOINT row");
      } catch (const pg::DatabaseError& error) {
        if (!may_be_too_early(error)) throw;
        connection.exec("ROLLBACK TO SAVEPOINT row; RELEASE SAVEPOINT row");
        if (!why) why = error;
        refused.push_back(std::move(statement));
      }
    }
    if (refused.size() == before) throw pg::DatabaseError{*why};
    statements = std::move(refused);
  }
}

/// What the export has and the query does not give now may be in the table all the same: it was
/// changed so that it is not asked for, or other rows are asked for now.
void look_up_others(pg::Connection& connection, TablePlan& plan) {
  std::set<Row> there;
  for (const auto& row : plan.live.rows) there.insert(plan.live.key_of(row));
  std::vector<std::string> parts;
  for (const auto key : plan.live.key_columns()) {
    parts.push_back(fmt::format("{} = ${}", connection.identifier(plan.live.columns.at(key).source),
                                parts.size() + 1));
  }
  const auto query = fmt::format("{} WHERE {}", query_of_columns(connection, plan.live),
                                 fmt::join(parts, " AND "));
  for (const auto& row : plan.exported.rows) {
    const auto key = plan.exported.key_of(row);
    if (there.contains(key)) continue;
    const auto found = connection.exec(query, key);
    if (found.rows() > 1) throw no_key_any_more(plan);
    if (found.rows() == 0) continue;
    auto& more = plan.live.rows.emplace_back();
    for (int i = 0; i < found.columns(); ++i) more.push_back(found.optional_text(0, i));
  }
}

/// Not when all else is done, and not with values.
void check_deferred(pg::Connection& connection, const std::vector<TablePlan>& plans) {
  try {
    connection.exec("SET CONSTRAINTS ALL IMMEDIATE");
  } catch (const pg::DatabaseError& error) {
    const bool secret = std::ranges::any_of(
        plans, [](const auto& plan) { return plan.secret != config::SecretMode::keep; });
    if (error.of_server() || !secret) throw;
    throw pg::DatabaseError{
        fmt::format("a deferred constraint is violated (SQLSTATE {})", error.sqlstate()),
        "nothing was restored; see what the tables refer to now", error.sqlstate(), false};
  }
}

/// What is given out next must not be there already.
void move_sequences(pg::Connection& connection, const TablePlan& plan) {
  const auto table = name_of(connection, *plan.exported.table);
  for (std::size_t i = 0; i < plan.exported.columns.size(); ++i) {
    const auto& column = plan.exported.columns[i];
    const bool written = std::ranges::any_of(plan.changes, [i](const RowChange& change) {
      return change.change == Change::added ||
             std::ranges::find(change.columns, i) != change.columns.end();
    });
    if (!written) continue;
    const auto sequence =
        connection.exec("SELECT pg_get_serial_sequence($1, $2)", {table, column.source});
    if (sequence.is_null(0, 0)) continue;
    connection.exec(fmt::format("SELECT setval($1::regclass, greatest((SELECT max({}) FROM {}), "
                                "(SELECT last_value FROM {})))",
                                connection.identifier(column.source), table, sequence.text(0, 0)),
                    {std::string{sequence.text(0, 0)}});
  }
}

/// Triggers may have had other plans.
void require_restored(pg::Connection& connection, const TablePlan& plan, RestoreScope scope) {
  const auto now = plan_table(connection, plan);
  for (const auto& change : now.changes) {
    if (change.change == Change::removed && !scope.delete_extra) continue;
    throw Error{ErrorKind::refused,
                fmt::format("row {} of table {} is not what was written: a trigger changed it",
                            util::printable(plan.exported.describe(
                                change.after.empty() ? change.before : change.after)),
                            util::quoted(plan.exported.table->text())),
                "nothing was restored; disable the trigger (ALTER TABLE … DISABLE TRIGGER), or "
                "leave the section out"};
  }
}

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

void require_whole_keys(const TablePlan& plan) {
  for (const auto& row : plan.exported.rows) {
    for (const auto& value : plan.exported.key_of(row)) {
      if (!is_left_out(plan, value)) continue;
      throw Error{ErrorKind::refused,
                  fmt::format("section {}: its key ({}) was redacted, and nothing else tells its "
                              "rows apart",
                              util::quoted(plan.section), fmt::join(plan.exported.key, ", ")),
                  "leave the section out, and restore it by hand; give it another `key`, or seal "
                  "it instead"};
    }
  }
}

}  // namespace

std::string why_not_restorable(const RowSet& exported) {
  if (!exported.table) return "its columns are not those of one table";
  if (exported.key.empty())
    return "nothing tells its rows apart: give the table a primary key, or the section a `key`";
  return {};
}

TablePlan plan_table(pg::Connection& connection, TablePlan plan) {
  const auto& exported = plan.exported;
  plan.changes.clear();
  plan.left_out.clear();
  std::vector<std::string> ignored;
  plan.live = read_rows(connection, plan.query, exported.key, ignored);
  if (plan.live.table != exported.table) {
    throw Error{ErrorKind::refused,
                fmt::format("section {}: its query does not read table {} any more",
                            util::quoted(plan.section), util::quoted(exported.table->text())),
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
  if (plan.live.key != exported.key) throw no_key_any_more(plan);
  require_whole_keys(plan);
  look_up_others(connection, plan);
  plan.changes = compare_rows(plan.live, plan.exported);
  if (!plan.all) {
    std::erase_if(plan.changes,
                  [](const RowChange& change) { return change.change == Change::removed; });
  }
  for (auto& change : plan.changes) {
    for (std::size_t i = 0; i < change.after.size(); ++i) {
      if (is_left_out(plan, change.after[i])) plan.left_out.insert(plan.exported.columns[i].name);
    }
    std::erase_if(change.columns,
                  [&](std::size_t i) { return is_left_out(plan, change.after[i]); });
  }
  std::erase_if(plan.changes, [](const RowChange& change) {
    return change.change == Change::changed && change.columns.empty();
  });
  return plan;
}

void restore_tables(pg::Connection& connection, std::vector<TablePlan> plans, RestoreScope scope) {
  for (auto& plan : plans) {
    connection.exec(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE",
                                name_of(connection, *plan.exported.table)));
    auto now = plan_table(connection, plan);
    if (now == plan) continue;
    throw Error{ErrorKind::refused,
                fmt::format("table {} has changed since the plan was made",
                            util::quoted(plan.exported.table->text())),
                "nothing was restored; run it again, and look at the plan"};
  }
  connection.exec("SET CONSTRAINTS ALL DEFERRED");
  const auto ordered = in_order_of_references(connection, std::move(plans));
  std::vector<RowStatement> statements;
  const auto add = [&](const TablePlan& plan, bool removals) {
    for (const auto& change : plan.changes) {
      if ((change.change == Change::removed) == removals)
        statements.emplace_back(connection, plan, change);
    }
  };
  if (scope.delete_extra) {
    for (auto plan = ordered.rbegin(); plan != ordered.rend(); ++plan) add(*plan, true);
  }
  for (const auto& plan : ordered) add(plan, false);
  run_all(connection, std::move(statements));
  check_deferred(connection, ordered);
  for (const auto& plan : ordered) move_sequences(connection, plan);
  for (const auto& plan : ordered) require_restored(connection, plan, scope);
}

}  // namespace bkp::exports
