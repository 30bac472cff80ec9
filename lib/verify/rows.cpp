#include "verify/rows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <xxhash.h>

#include "recover/new_database.hpp"
#include "util/error.hpp"
#include "verify/copy_target.hpp"

namespace bkp::verify {

namespace {

/// What the rows of one COPY statement must be.
struct Expectation {
  std::string copy_statement;
  std::string name;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  pg::RowsHash sum;
};

std::uint64_t hex_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw util::Error{util::ErrorKind::damaged, "a hash in the manifest is not a number",
                      "the manifest was changed; use another copy of the backup"};
  }
  return value;
}

void add_table(Expectation& expected, const pg::TableFingerprint& table) {
  constexpr std::size_t half = 16;
  if (table.hash.size() != 2 * half) {
    throw util::Error{util::ErrorKind::damaged, "a hash in the manifest has the wrong length",
                      "the manifest was changed; use another copy of the backup"};
  }
  const std::string_view hash = table.hash;
  expected.sum.add_hashed(hex_number(hash.substr(half)), hex_number(hash.substr(0, half)));
  expected.rows += table.rows;
  expected.bytes += table.bytes;
  expected.name += (expected.name.empty() ? "" : ", ") + table.schema + "." + table.table;
}

/// The COPY that reads the table back. Partitioned tables and the configuration tables of
/// extensions, of which pg_dump takes the user's rows only, need a query.
std::string read_statement(pg::Connection& connection, const CopyTarget& target) {
  const auto about = connection.exec(
      "SELECT c.relkind = 'p', (SELECT e.extcondition[i] FROM pg_catalog.pg_extension e, "
      "pg_catalog.generate_subscripts(e.extconfig, 1) i WHERE e.extconfig[i] = c.oid LIMIT 1) "
      "FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.regclass",
      {target.table});
  const auto condition = about.optional_text(0, 1).value_or("");
  if (about.boolean(0, 0) || !condition.empty()) return copy_out_query(target, condition);
  return copy_out_statement(target);
}

/// Tells the meter now and then, not at each row.
class CoarseMeter {
 public:
  explicit CoarseMeter(run::Progress& progress) : m_progress{progress} {}
  ~CoarseMeter() { m_progress.advance(m_pending); }
  CoarseMeter(const CoarseMeter&) = delete;
  CoarseMeter& operator=(const CoarseMeter&) = delete;
  void add(std::size_t bytes) {
    constexpr std::uint64_t step = 1U << 20U;
    m_pending += bytes;
    if (m_pending < step) return;
    m_progress.advance(m_pending);
    m_pending = 0;
  }

 private:
  run::Progress& m_progress;
  std::uint64_t m_pending = 0;
};

pg::RowsHash read_rows(pg::Connection& connection, const std::string& sql,
                       run::Progress& progress) {
  pg::RowsHash found;
  CoarseMeter meter{progress};
  connection.copy_out(sql, [&](std::string_view row) {
    meter.add(row.size());
    if (row.ends_with('\n')) row.remove_suffix(1);
    found.add(row);
  });
  return found;
}

std::string compare_rows(pg::Connection& connection, const Expectation& expected,
                         run::Progress& progress) {
  const auto target = parse_copy_statement(expected.copy_statement);
  if (!target) return "the dump's COPY statement for it is not understood";
  const auto found = read_rows(connection, read_statement(connection, *target), progress);
  if (found.rows() != expected.rows) {
    return fmt::format("{} rows were restored, the dump has {}", found.rows(), expected.rows);
  }
  if (found.hex() == expected.sum.hex()) return {};
  return fmt::format("the {} rows are not the ones of the dump: their hash is {}, not {}",
                     found.rows(), found.hex(), expected.sum.hex());
}

std::size_t largest_table(const pg::Fingerprint& fingerprint) {
  const auto& tables = fingerprint.tables;
  const auto largest = std::max_element(
      tables.begin(), tables.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  return static_cast<std::size_t>(largest - tables.begin());
}

}  // namespace

std::vector<std::size_t> choose_tables(const pg::Fingerprint& fingerprint, double share,
                                       std::string_view seed) {
  const auto& tables = fingerprint.tables;
  if (tables.empty()) return {};
  const auto all = static_cast<double>(tables.size());
  const auto wanted =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(all * share)), 1, tables.size());
  std::vector<std::pair<std::uint64_t, std::size_t>> drawn;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto text = fmt::format("{}\n{}\n{}", seed, tables[i].schema, tables[i].table);
    drawn.emplace_back(XXH3_64bits(text.data(), text.size()), i);
  }
  drawn[largest_table(fingerprint)].first = 0;
  std::sort(drawn.begin(), drawn.end());
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(drawn[i].second);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<Probe> row_probes(const pg::Fingerprint& fingerprint,
                              const std::vector<std::size_t>& chosen, run::Progress& progress) {
  std::map<std::string, Expectation> by_statement;
  for (const auto index : chosen) {
    const auto& table = fingerprint.tables.at(index);
    auto& expected = by_statement[table.copy_statement];
    expected.copy_statement = table.copy_statement;
    // All that were loaded through the same root are there, chosen or not.
    if (!expected.name.empty()) continue;
    for (const auto& other : fingerprint.tables) {
      if (other.copy_statement == table.copy_statement) add_table(expected, other);
    }
  }
  std::vector<Probe> probes;
  for (auto& [statement, expected] : by_statement) {
    probes.push_back({"rows", expected.name, expected.bytes,
                      [expected = expected, &progress](pg::Connection& connection) {
                        return compare_rows(connection, expected, progress);
                      }});
  }
  return probes;
}

void use_dump_settings(pg::Connection& connection, const pg::Fingerprint& fingerprint) {
  recover::lift_timeouts(connection);
  if (!fingerprint.client_encoding.empty()) {
    connection.exec("SELECT pg_catalog.set_config('client_encoding', $1, false)",
                    {fingerprint.client_encoding});
  }
  connection.exec(
      "SET search_path = ''; SET DateStyle = ISO; SET IntervalStyle = postgres; "
      "SET extra_float_digits = 3; SET synchronize_seqscans = off; SET row_security = off; "
      "SET TimeZone = 'UTC'; SET bytea_output = hex; SET quote_all_identifiers = off");
}

}  // namespace bkp::verify
