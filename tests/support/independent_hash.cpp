#include "support/independent_hash.hpp"

#include <atomic>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>
#include <xxhash.h>

namespace bkp::test {

namespace {

__extension__ using Uint128 = unsigned __int128;

Uint128 hash_of(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return Uint128{hash.high64} << 64U | hash.low64;
}

std::string hex(Uint128 number) {
  return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(number >> 64U),
                     static_cast<std::uint64_t>(number));
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

TableRows rows_of_file(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  TableRows found;
  Uint128 sum = 0;
  std::size_t start = 0;
  for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    sum += hash_of(std::string_view{text}.substr(start, end - start));
    ++found.rows;
  }
  if (start != text.size()) throw std::runtime_error{path.string() + " ends within a row"};
  found.hash = hex(sum);
  return found;
}

std::filesystem::path new_directory(const Cluster& cluster) {
  static std::atomic<int> made = 0;
  return cluster.make_directory(fmt::format("rows-{}", ++made));
}

/// Lists number, key in hexadecimal and count(*) of every table a dump holds the data of, and has
/// the server write each into a file of that number. The settings are those of pg_dump's session
/// and what the text of values depends on besides.
constexpr const char* k_export_tables = R"(
SET datestyle = iso; SET intervalstyle = postgres; SET extra_float_digits = 3;
SET search_path = ''; SET row_security = off; SET timezone = 'UTC'; SET bytea_output = hex;
CREATE TEMPORARY TABLE listing AS
SELECT row_number() OVER () AS number, nspname, relname,
  (SELECT string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute
   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE objid = c.oid AND deptype = 'e');
SELECT number, encode(convert_to(nspname, '{0}') || '\x00' || convert_to(relname, '{0}'), 'hex'),
  (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %I.%I', nspname, relname),
                                       false, true, '')))[1]
FROM listing ORDER BY number;
SELECT format('COPY %I.%I %s TO %L (ENCODING %L)', nspname, relname, '(' || columns || ')',
              '{1}/' || number, '{0}') FROM listing \gexec
)";

constexpr const char* k_export_large_objects = R"(
SELECT oid FROM pg_largeobject_metadata ORDER BY oid;
SELECT lo_export(oid, '{0}/' || oid) FROM pg_largeobject_metadata \g /dev/null
)";

}  // namespace

std::ostream& operator<<(std::ostream& stream, const TableRows& table) {
  return stream << table.rows << " rows " << table.hash;
}

std::ostream& operator<<(std::ostream& stream, const LargeObjectRows& objects) {
  return stream << objects.count << " objects of " << objects.bytes << " bytes " << objects.hash;
}

std::map<std::string, TableRows> rows_of_tables(const Cluster& cluster, const std::string& database,
                                                const std::string& encoding) {
  const auto directory = new_directory(cluster);
  std::istringstream listing{
      cluster.psql(database, fmt::format(k_export_tables, encoding, directory.string()))};
  std::map<std::string, TableRows> tables;
  std::string number;
  std::string key;
  std::string count;
  while (std::getline(listing, number, '|') && std::getline(listing, key, '|') &&
         std::getline(listing, count)) {
    const TableRows found = rows_of_file(directory / number);
    if (std::to_string(found.rows) != count) {
      throw std::runtime_error{"count(*) and COPY disagree about " + from_hex(key)};
    }
    tables[from_hex(key)] = found;
  }
  return tables;
}

LargeObjectRows rows_of_large_objects(const Cluster& cluster, const std::string& database) {
  const auto directory = new_directory(cluster);
  std::istringstream listing{
      cluster.psql(database, fmt::format(k_export_large_objects, directory.string()))};
  LargeObjectRows found;
  Uint128 sum = 0;
  for (std::string oid; std::getline(listing, oid);) {
    const std::string content = read_text(directory / oid);
    sum += hash_of(oid + ":" + hex(hash_of(content)));
    found.bytes += content.size();
    ++found.count;
  }
  found.hash = hex(sum);
  return found;
}

}  // namespace bkp::test
