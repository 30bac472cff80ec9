// Databases with everything awkward in them verify without a complaint.
#include <catch2/catch.hpp>

#include "support/restore_bench.hpp"
#include "verify/restore_check.hpp"

using namespace bkp;
using namespace bkp::test;

namespace {

void verifies(const std::string& database, int least_tables) {
  RestoreBench bench;
  const auto source = bench.back_up(database);
  verify::Verification result;
  verify::verify_restore(bench.context, source, 3, result);
  for (const auto& error : result.errors()) UNSCOPED_INFO(error);
  CHECK(result.success());
  CHECK(result.rows_checked == result.rows_total);
  CHECK(result.tables_total >= static_cast<std::uint64_t>(least_tables));
  CHECK(result.notes.empty());
}

const std::filesystem::path data{BKP_TEST_DATA};

}  // namespace

TEST_CASE("the nasty database") {
  cluster().create_database("nasty \"one\"");
  cluster().load_file("nasty \"one\"", data / "nasty.sql");
  verifies("nasty \"one\"", 10);
}

TEST_CASE("a LATIN1 database") {
  cluster().create_database("latin", "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  cluster().load_file("latin", data / "nasty_latin1.sql");
  verifies("latin", 1);
}

TEST_CASE("partitions dumped through their root, an empty table, one without columns") {
  const auto database = fresh_database();
  cluster().psql(database,
                 "create table none (); insert into none default values;"
                 "insert into none default values; create table empty (a int);"
                 "create table p (id int, t text) partition by hash (id);"
                 "create table p0 partition of p for values with (modulus 2, remainder 0);"
                 "create table p1 partition of p for values with (modulus 2, remainder 1);"
                 "insert into p select i, i::text from generate_series(1, 100) i");
  verifies(database, 4);
}
