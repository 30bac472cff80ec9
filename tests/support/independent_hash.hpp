#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>

#include "support/cluster.hpp"

namespace bkp::test {

struct TableRows {
  std::uint64_t rows = 0;
  std::string hash;  ///< as pg::RowsHash::hex()
  auto operator<=>(const TableRows&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const TableRows& table);

struct LargeObjectRows {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string hash;
  auto operator<=>(const LargeObjectRows&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const LargeObjectRows& objects);

/// What a fingerprint must say, found without the code that takes it: the server writes each
/// table's COPY text into a file, each is cut at its line ends and hashed row by row; the number of
/// rows is checked against count(*). Key: schema, zero byte, table, in `encoding`. Throws
/// std::runtime_error.
std::map<std::string, TableRows> rows_of_tables(const Cluster& cluster, const std::string& database,
                                                const std::string& encoding = "UTF8");

/// The same of the large objects, from lo_export().
LargeObjectRows rows_of_large_objects(const Cluster& cluster, const std::string& database);

}  // namespace bkp::test
