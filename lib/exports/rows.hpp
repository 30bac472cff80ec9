#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::exports {

struct Column {
  std::string name;
  std::string type;        ///< as format_type() has it: "numeric(10,2)"
  std::string source;      ///< the table's column it is; empty where it is computed
  bool generated = false;  ///< the table computes it: it cannot be written
  bool operator==(const Column&) const = default;
};

struct TableName {
  std::string schema;
  std::string name;
  bool operator==(const TableName&) const = default;
  std::string text() const { return schema + "." + name; }
};

/// NULL is nullopt, everything else as PostgreSQL writes it.
using Row = std::vector<std::optional<std::string>>;

/// What a query gave. In the archive it is JSON: {"format": "bkp-rows", "format_version": 1,
/// "database", "query", "table": {"schema", "name"} or null, "columns": [{"name", "type", "source",
/// "generated"}], "key": [names], "rows": [{name: text or null, …}]}, the rows in the query's
/// order, each with its columns in theirs.
struct RowSet {
  std::string database;
  std::string query;
  std::optional<TableName> table;  ///< the one that every column is of: where rows can go back to
  std::vector<Column> columns;
  std::vector<std::string> key;  ///< names of columns that tell the rows apart; empty: unknown
  std::vector<Row> rows;

  std::vector<std::size_t> key_columns() const;
  /// The values of the key.
  Row key_of(const Row& row) const;
  /// "id=3, name=x", or the whole row where there is no key.
  std::string describe(const Row& row) const;
};

/// Throws Error{database} for texts that are no UTF-8.
std::string to_text(const RowSet& rows);
/// Throws Error{damaged}; `path` names the text.
RowSet parse_rows(std::string_view text, std::string_view path);

/// For the session's transaction: every value is written as on any other day and server.
void settle_texts(pg::Connection& connection);

/// Runs a query that reads, in a transaction of the caller with texts settled. Its `key` is that
/// which is given, else the table's primary key; one that does not tell the rows apart is dropped,
/// which `notes` then say. Throws DatabaseError; Error{config} for columns that have one name, and
/// for a key that is none of them; Error{refused} for more than an export may have.
RowSet read_rows(pg::Connection& connection, const std::string& query,
                 const std::vector<std::string>& key, std::vector<std::string>& notes);

/// The query for these columns of all rows of the table they are of.
std::string query_of_columns(const pg::Connection& connection, const RowSet& rows);

/// The query for all rows of a table, in the order of its primary key. `name` as PostgreSQL reads
/// it: "public.roles". Throws Error{not_found}.
std::string query_of_table(pg::Connection& connection, const std::string& name);

}  // namespace bkp::exports
