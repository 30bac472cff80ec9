#include <catch2/catch.hpp>

#include "connected.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::connect;
using test::error_of;

TEST_CASE("rows are copied out one by one") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  std::size_t rows = 0;
  std::size_t bytes = 0;
  connection.copy_out(
      "copy (select i, repeat('x', 100) from generate_series(1, 50000) i) to stdout",
      [&](std::string_view row) {
        ++rows;
        bytes += row.size();
        if (!row.ends_with('\n')) FAIL("a piece is not a row");
      });
  CHECK(rows == 50000);
  CHECK(bytes == 50000U * 102U + 238894U);

  SECTION("what the consumer throws ends it and the session stays usable") {
    CHECK_THROWS_WITH(
        connection.copy_out("copy (select generate_series(1, 100000000)) to stdout",
                            [](std::string_view) { throw std::runtime_error{"enough"}; }),
        "enough");
    CHECK(connection.exec("select 1").single() == "1");
  }
  SECTION("a statement that fails on the way is an error") {
    const auto error = error_of<pg::DatabaseError>([&] {
      connection.copy_out("copy (select 10 / (5 - i) from generate_series(1, 9) i) to stdout",
                          [](std::string_view) {});
    });
    CHECK(error.sqlstate() == "22012");
    CHECK(error_of<pg::DatabaseError>([&] {
            connection.copy_out("copy no_such_table to stdout", [](std::string_view) {});
          }).sqlstate() == "42P01");
    CHECK(connection.exec("select 1").single() == "1");
  }
  SECTION("another statement than COPY is a fault of the caller") {
    CHECK_THROWS_AS(connection.copy_out("select 1", [](std::string_view) {}), util::Error);
    CHECK_THROWS_AS(connection.exec("copy (select 1) to stdout"), util::Error);
    connection.exec("create temp table t (a int)");
    CHECK_THROWS_AS(connection.exec("copy t from stdin"), util::Error);
    CHECK_THROWS_AS(connection.copy_out("copy t from stdin", [](std::string_view) {}), util::Error);
    CHECK(connection.exec("select 2").single() == "2");
  }
}
