#include "exports/rows.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "exports/contents.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using nlohmann::json;
using nlohmann::ordered_json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto format_name = "bkp-rows";
constexpr int format_version = 1;

ordered_json header_of(const RowSet& rows) {
  auto columns = ordered_json::array();
  for (const auto& column : rows.columns) {
    columns.push_back({{"name", column.name},
                       {"type", column.type},
                       {"source", column.source},
                       {"generated", column.generated}});
  }
  ordered_json table = nullptr;
  if (rows.table) table = {{"schema", rows.table->schema}, {"name", rows.table->name}};
  return {{"format", format_name},
          {"format_version", format_version},
          {"database", rows.database},
          {"query", rows.query},
          {"table", table},
          {"columns", columns},
          {"key", rows.key}};
}

Row row_from(const json& from, const std::vector<Column>& columns) {
  Row row;
  for (const auto& column : columns) {
    const auto& value = from.at(column.name);
    row.push_back(value.is_null() ? std::nullopt : std::optional{value.get<std::string>()});
  }
  return row;
}

RowSet rows_from(const json& from) {
  if (from.at("format") != format_name || from.at("format_version").get<int>() > format_version)
    throw Error{ErrorKind::damaged, "it is of another format"};
  RowSet rows;
  rows.database = from.at("database").get<std::string>();
  rows.query = from.at("query").get<std::string>();
  if (const auto& table = from.at("table"); !table.is_null())
    rows.table = {table.at("schema").get<std::string>(), table.at("name").get<std::string>()};
  for (const auto& column : from.at("columns")) {
    rows.columns.push_back(
        {column.at("name").get<std::string>(), column.at("type").get<std::string>(),
         column.at("source").get<std::string>(), column.at("generated").get<bool>()});
  }
  rows.key = from.at("key").get<std::vector<std::string>>();
  for (const auto& name : rows.key) {
    if (std::ranges::find(rows.columns, name, &Column::name) == rows.columns.end())
      throw Error{ErrorKind::damaged, fmt::format("its key {} is no column", util::quoted(name))};
  }
  for (const auto& row : from.at("rows")) rows.rows.push_back(row_from(row, rows.columns));
  return rows;
}

/// The types' names, and the one table that all columns are of.
void describe_columns(pg::Connection& connection, const pg::Result& result, RowSet& rows) {
  std::set<std::uint32_t> tables;
  for (int i = 0; i < result.columns(); ++i) {
    const auto column = result.column(i);
    const bool known =
        std::ranges::find(rows.columns, column.name, &Column::name) != rows.columns.end();
    if (known) {
      throw Error{ErrorKind::config,
                  fmt::format("the query has two columns {}", util::quoted(column.name)),
                  "give one of them another name: SELECT … AS …"};
    }
    auto& described = rows.columns.emplace_back();
    described.name = column.name;
    tables.insert(column.table);
    const auto more = connection.exec(
        "SELECT format_type($1::oid, $2::int), attname, attgenerated <> '' "
        "FROM (SELECT) AS one LEFT JOIN pg_attribute ON attrelid = $3::oid AND attnum = $4::int "
        "AND attnum > 0",
        {std::to_string(column.type), std::to_string(column.modifier), std::to_string(column.table),
         std::to_string(column.attribute)});
    described.type = more.text(0, 0);
    described.source = more.text(0, 1);
    described.generated = more.optional_text(0, 2) == "t";
  }
  std::set<std::string> sources;
  for (const auto& column : rows.columns) sources.insert(column.source);
  const bool of_one = tables.size() == 1 && *tables.begin() != 0 && !sources.contains("") &&
                      sources.size() == rows.columns.size();
  if (!of_one) return;
  const auto table = connection.exec(
      "SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
      "WHERE c.oid = $1::oid AND relkind IN ('r', 'p')",
      {std::to_string(*tables.begin())});
  if (table.rows() == 1)
    rows.table = {std::string{table.text(0, 0)}, std::string{table.text(0, 1)}};
}

std::vector<std::string> primary_key(pg::Connection& connection, const TableName& table) {
  const auto found = connection.exec(
      "SELECT attname FROM pg_index i JOIN pg_class c ON c.oid = indrelid "
      "JOIN pg_namespace n ON n.oid = relnamespace "
      "CROSS JOIN unnest(indkey::int2[]) WITH ORDINALITY AS k (number, rank) "
      "JOIN pg_attribute a ON attrelid = c.oid AND attnum = k.number "
      "WHERE indisprimary AND rank <= indnkeyatts AND nspname = $1 AND relname = $2 "
      "ORDER BY rank",
      {table.schema, table.name});
  std::vector<std::string> names;
  for (int i = 0; i < found.rows(); ++i) names.emplace_back(found.text(i, 0));
  return names;
}

/// In the names of the query's columns; empty when the query leaves a part of it out.
std::vector<std::string> key_of_table(pg::Connection& connection, const RowSet& rows) {
  if (!rows.table) return {};
  std::vector<std::string> names;
  for (const auto& source : primary_key(connection, *rows.table)) {
    const auto column = std::ranges::find(rows.columns, source, &Column::source);
    if (column == rows.columns.end()) return {};
    names.push_back(column->name);
  }
  return names;
}

constexpr int rows_at_once = 1000;

Row row_of(const pg::Result& result, int number, std::size_t& bytes) {
  Row row;
  for (int k = 0; k < result.columns(); ++k) {
    row.push_back(result.optional_text(number, k));
    bytes += row.back() ? row.back()->size() : 0;
  }
  return row;
}

void settle_key(RowSet& rows, std::vector<std::string>& notes) {
  for (const auto& name : rows.key) {
    if (std::ranges::find(rows.columns, name, &Column::name) != rows.columns.end()) continue;
    throw Error{
        ErrorKind::config,
        fmt::format("the query has no column {}, which is to be its key", util::quoted(name)),
        "name columns of the query in `key`"};
  }
  std::set<Row> seen;
  for (const auto& row : rows.rows) {
    const auto key = rows.key_of(row);
    const bool is_null = std::ranges::any_of(key, [](const auto& one) { return !one; });
    if (rows.key.empty() || (seen.insert(key).second && !is_null)) continue;
    notes.push_back(
        fmt::format("key ({}) does not tell its rows apart: one is there twice or is null",
                    fmt::join(rows.key, ", ")));
    rows.key.clear();
    return;
  }
}

}  // namespace

std::vector<std::size_t> RowSet::key_columns() const {
  std::vector<std::size_t> result;
  for (const auto& name : key) {
    const auto column = std::ranges::find(columns, name, &Column::name);
    result.push_back(static_cast<std::size_t>(column - columns.begin()));
  }
  return result;
}

Row RowSet::key_of(const Row& row) const {
  Row result;
  for (const auto column : key_columns()) result.push_back(row.at(column));
  return result;
}

std::string RowSet::describe(const Row& row) const {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool is_key = std::ranges::find(key, columns[i].name) != key.end();
    if (!key.empty() && !is_key) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", columns[i].name,
                        row.at(i).value_or("null"));
  }
  return text;
}

std::string to_text(const RowSet& rows) {
  try {
    auto text = header_of(rows).dump(1);
    text.resize(text.size() - 2);  // "\n}"
    text += ",\n \"rows\": [";
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      ordered_json object = ordered_json::object();
      for (std::size_t k = 0; k < rows.columns.size(); ++k) {
        const auto& value = rows.rows[i][k];
        object[rows.columns[k].name] = value ? ordered_json(*value) : ordered_json(nullptr);
      }
      text += i == 0 ? "\n  " : ",\n  ";
      text += object.dump();
    }
    return text + "\n ]\n}\n";
  } catch (const json::exception&) {
    throw Error{
        ErrorKind::database, "what the query gives is no valid UTF-8",
        "correct the data, or leave the column out; a dump of the database has it as it is"};
  }
}

RowSet parse_rows(std::string_view text, std::string_view path) {
  const auto damaged = [&](std::string_view why) {
    return Error{ErrorKind::damaged,
                 fmt::format("{} of the export is damaged: {}", util::quoted(path), why)};
  };
  try {
    return rows_from(json::parse(text));
  } catch (const json::exception& error) {
    throw damaged(error.what());
  } catch (const Error& error) {
    throw damaged(error.message());
  }
}

void settle_texts(pg::Connection& connection) {
  connection.exec(
      "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD';"
      "SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex';"
      "SET LOCAL extra_float_digits = 1; SET LOCAL client_encoding = 'UTF8';"
      // Rows that policies would hide are an error, as they are to pg_dump.
      "SET LOCAL row_security = off");
}

RowSet read_rows(pg::Connection& connection, const std::string& query,
                 const std::vector<std::string>& key, std::vector<std::string>& notes) {
  RowSet rows;
  rows.database = connection.database();
  rows.query = query;
  // A cursor is of a query that reads, and of one.
  connection.exec("DECLARE exported NO SCROLL CURSOR FOR " + query);
  std::size_t bytes = 0;
  for (bool first = true;; first = false) {
    const auto result = connection.exec(fmt::format("FETCH {} FROM exported", rows_at_once));
    if (first) {
      describe_columns(connection, result, rows);
      rows.key = key.empty() ? key_of_table(connection, rows) : key;
    }
    for (int i = 0; i < result.rows(); ++i) rows.rows.push_back(row_of(result, i, bytes));
    if (bytes > largest_export) {
      throw Error{ErrorKind::refused, "the query gives more than 256 MiB: that is no configuration",
                  "ask for less; what is data belongs into the backups of the database"};
    }
    if (result.rows() < rows_at_once) break;
  }
  connection.exec("CLOSE exported");
  settle_key(rows, notes);
  return rows;
}

std::string query_of_columns(const pg::Connection& connection, const RowSet& rows) {
  std::vector<std::string> columns;
  for (const auto& column : rows.columns) {
    columns.push_back(fmt::format("{} AS {}", connection.identifier(column.source),
                                  connection.identifier(column.name)));
  }
  return fmt::format("SELECT {} FROM {}.{}", fmt::join(columns, ", "),
                     connection.identifier(rows.table->schema),
                     connection.identifier(rows.table->name));
}

std::string query_of_table(pg::Connection& connection, const std::string& name) {
  const auto found = connection.exec(
      "SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
      "WHERE c.oid = to_regclass($1)",
      {name});
  if (found.rows() == 0) {
    throw Error{ErrorKind::not_found,
                fmt::format("database {} has no table {}", util::quoted(connection.database()),
                            util::quoted(name)),
                "correct `tables` in the configuration; psql's \\dt lists them"};
  }
  const TableName table{std::string{found.text(0, 0)}, std::string{found.text(0, 1)}};
  auto query = fmt::format("SELECT * FROM {}.{}", connection.identifier(table.schema),
                           connection.identifier(table.name));
  std::vector<std::string> order;
  for (const auto& column : primary_key(connection, table))
    order.push_back(connection.identifier(column));
  if (!order.empty()) query += fmt::format(" ORDER BY {}", fmt::join(order, ", "));
  return query;
}

}  // namespace bkp::exports
