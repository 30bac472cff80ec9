// Statements and what comes back.
#include <catch2/catch.hpp>

#include "connected.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::connect;
using test::error_of;

TEST_CASE("values come back as they went, NULL included") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto result = connection.exec(
      "select $1::text, $2::text, $3::bigint, 1.5::float8, true, false",
      {"it's \"quoted\" \\ and\nover two lines", std::nullopt, "-9223372036854775808"});
  CHECK(result.rows() == 1);
  CHECK(result.columns() == 6);
  CHECK(result.single() == "it's \"quoted\" \\ and\nover two lines");
  CHECK(result.is_null(0, 1));
  CHECK(result.text(0, 1).empty());
  CHECK(result.optional_text(0, 1) == std::nullopt);
  CHECK(result.optional_text(0, 4) == "t");
  CHECK(result.integer(0, 2) == std::numeric_limits<std::int64_t>::min());
  CHECK(result.number(0, 3) == 1.5);
  CHECK(result.boolean(0, 4));
  CHECK_FALSE(result.boolean(0, 5));
}

TEST_CASE("asking a result for what it has not is a fault with words") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto empty = connection.exec("select 1 where false");
  CHECK_THROWS_AS(empty.single(), util::Error);
  const auto text = connection.exec("select 'abc', null");
  CHECK_THROWS_WITH(text.integer(0, 0), Catch::Contains("\"abc\""));
  CHECK_THROWS_AS(text.integer(0, 1), util::Error);
  CHECK_THROWS_AS(text.boolean(0, 0), util::Error);
  CHECK_THROWS_AS(text.number(0, 0), util::Error);
  CHECK_THROWS_AS(text.text(1, 0), util::Error);
  CHECK_THROWS_AS(text.is_null(0, 2), util::Error);
  CHECK_THROWS_AS(empty.optional_text(0, 0), util::Error);
}

TEST_CASE("several statements run in one call; affected rows are counted") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto last = connection.exec(
      "create temp table t (a int); insert into t select generate_series(1, 7); "
      "update t set a = a + 1 where a > 3");
  CHECK(last.affected() == 4);
  CHECK(connection.exec("delete from t").affected() == 7);
}

TEST_CASE("a refused statement names the database, the reason and the SQLSTATE") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto error =
      error_of<pg::DatabaseError>([&] { connection.exec("select * from no_such_table"); });
  CHECK(error.kind() == util::ErrorKind::database);
  CHECK(error.sqlstate() == "42P01");
  CHECK_FALSE(error.connection_lost());
  CHECK_THAT(error.message(), Catch::Contains("database \"postgres\"") &&
                                  Catch::Contains("relation \"no_such_table\" does not exist") &&
                                  Catch::Contains("42P01"));
  CHECK(connection.exec("select 1").single() == "1");
}

TEST_CASE("hostile names stay names") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  for (const std::string name :
       {"a\"b", "'; drop table x; --", "new\nline", "ü", "-leading", " "}) {
    connection.exec("create temp table " + connection.identifier(name) + " (a text)");
    connection.exec("insert into " + connection.identifier(name) + " values (" +
                    connection.literal(name) + ")");
    CHECK(connection.exec("select a from " + connection.identifier(name)).single() == name);
  }
  CHECK_THROWS_AS(connection.identifier("\xff\xfe"), util::Error);
  CHECK_THROWS_AS(connection.identifier(std::string_view{"a\0b", 3}), util::Error);
  CHECK_THROWS_AS(connection.literal(std::string_view{"a\0b", 3}), util::Error);
  CHECK_THROWS_WITH(connection.exec("select $1::text", {std::string{"a\0b", 3}}),
                    Catch::Contains("zero byte"));
}

TEST_CASE("hostile text of the server reaches no terminal raw") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto error =
      error_of<pg::DatabaseError>([&] { connection.exec("select * from \"\x1b[2Jgone\""); });
  CHECK_THAT(error.message(), Catch::Contains("\\x1b[2Jgone"));
}
