#include <catch2/catch.hpp>

#include "connected.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::connect;

TEST_CASE("transactions keep what was committed and nothing else") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  connection.exec("create temp table t (a int)");
  {
    pg::Transaction transaction{connection};
    connection.exec("insert into t values (1)");
    transaction.commit();
  }
  {
    pg::Transaction dropped{connection};
    connection.exec("insert into t values (2)");
  }
  {
    pg::Transaction broken{connection, "BEGIN ISOLATION LEVEL SERIALIZABLE"};
    CHECK_THROWS_AS(connection.exec("select 1/0"), pg::DatabaseError);
  }
  CHECK(connection.exec("select string_agg(a::text, ',') from t").single() == "1");
}

TEST_CASE("what the server has given up is not taken for committed") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  connection.exec("create temp table t (a int)");
  {
    pg::Transaction transaction{connection};
    connection.exec("insert into t values (1)");
    CHECK_THROWS_AS(connection.exec("select 1/0"), pg::DatabaseError);
    CHECK_THROWS_AS(transaction.commit(), util::Error);
  }
  CHECK(connection.exec("select count(*) from t").single() == "0");
}
