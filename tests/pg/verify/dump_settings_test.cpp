#include <catch2/catch.hpp>

#include "support/shared_cluster.hpp"
#include "verify/rows.hpp"

using namespace bkp;
using namespace bkp::test;

TEST_CASE("no limit of a role or database ends a comparison of rows") {
  const auto database = fresh_database();
  const std::string limits =
      "name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout', "
      "'idle_in_transaction_session_timeout', 'transaction_timeout')";
  cluster().psql(database,
                 "select format('alter database %I set %I = ' || quote_literal('1h'), "
                 "current_database(), name) "
                 "from pg_settings where " +
                     limits + " \\gexec");
  const util::Interrupt calm;
  auto connection = pg::Connection::open(conninfo(database), calm);
  const auto limited = [&] {
    return connection
        .exec("select count(*) from pg_catalog.pg_settings where setting <> '0' and " + limits)
        .integer(0, 0);
  };
  REQUIRE(limited() >= 3);
  verify::use_dump_settings(connection, {});
  CHECK(limited() == 0);
}
