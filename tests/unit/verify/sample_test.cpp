#include <algorithm>
#include <catch2/catch.hpp>

#include "verify/rows.hpp"

using namespace bkp;

namespace {

pg::Fingerprint tables(std::size_t count) {
  pg::Fingerprint fingerprint;
  for (std::size_t i = 0; i < count; ++i) {
    pg::TableFingerprint table;
    table.schema = "public";
    table.table = "t" + std::to_string(i);
    table.copy_statement = "COPY public." + table.table + " (a) FROM stdin;";
    table.bytes = i == 3 ? 1000 : 10;
    table.rows = 1;
    table.hash = "00000000000000000000000000000001";
    fingerprint.tables.push_back(std::move(table));
  }
  return fingerprint;
}

}  // namespace

TEST_CASE("the whole share is every table") {
  CHECK(verify::choose_tables(tables(5), 1.0, "label") == std::vector<std::size_t>{0, 1, 2, 3, 4});
  CHECK(verify::choose_tables(tables(0), 1.0, "label").empty());
}

TEST_CASE("a sample has its size, the largest table, and is the same each time") {
  const auto fingerprint = tables(100);
  const auto chosen = verify::choose_tables(fingerprint, 0.1, "label");
  CHECK(chosen.size() == 10);
  CHECK(std::is_sorted(chosen.begin(), chosen.end()));
  CHECK(std::count(chosen.begin(), chosen.end(), 3U) == 1);
  CHECK(verify::choose_tables(fingerprint, 0.1, "label") == chosen);
  CHECK(verify::choose_tables(fingerprint, 0.1, "another label") != chosen);
}

TEST_CASE("the smallest sample is the largest table") {
  CHECK(verify::choose_tables(tables(100), 0.0, "label") == std::vector<std::size_t>{3});
}

TEST_CASE("tables loaded through the same root are one probe of all their rows") {
  auto fingerprint = tables(4);
  fingerprint.tables[1].copy_statement = fingerprint.tables[2].copy_statement;
  run::NoProgress progress;
  const auto probes = verify::row_probes(fingerprint, {0, 1}, progress);
  REQUIRE(probes.size() == 2);
  CHECK(probes[0].name == "public.t0");
  CHECK(probes[1].name == "public.t1, public.t2");
  CHECK(probes[1].weight == 20);
}
