#include "pg/hints.hpp"

#include <catch2/catch.hpp>

using namespace bkp;

TEST_CASE("the SQLSTATE is read from libpq's verbose message") {
  const std::string refused =
      "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: FATAL:  3D000: database "
      "\"x\" does not exist\nLOCATION:  InitPostgres, postinit.c:902\n";
  CHECK(pg::sqlstate_in(refused) == "3D000");
  CHECK(pg::sqlstate_in("connection to server at \"db2\", port 5432 failed: Connection refused\n")
            .empty());
  CHECK(pg::sqlstate_in("").empty());
  CHECK(pg::sqlstate_in("FATAL:  3D0").empty());
}

TEST_CASE("a message becomes one line without what is for developers") {
  CHECK(
      pg::tidy_message("connection to server on socket \"/tmp/s\" failed: FATAL:  28P01: password "
                       "authentication failed\nLOCATION:  auth_failed, auth.c:338\n") ==
      "connection to server on socket \"/tmp/s\" failed: password authentication failed");
  CHECK(pg::tidy_message("connection failed: Connection refused\n\tIs the server running?\n") ==
        "connection failed: Connection refused Is the server running?");
  CHECK(pg::tidy_message("evil \x1b[2J name") == "evil \\x1b[2J name");
}

TEST_CASE("hints follow the SQLSTATE, its class where there is no more") {
  CHECK_THAT(pg::hint_for("28P01"), Catch::Contains("password file"));
  CHECK_THAT(pg::hint_for("28000"), Catch::Contains("pg_hba.conf"));
  CHECK_THAT(pg::hint_for("53300"), Catch::Contains("max_connections"));
  CHECK(pg::hint_for("22012").empty());
  CHECK(pg::hint_for("").empty());
}

TEST_CASE("silence is answered with the command that asks the same address") {
  const auto conninfo = pg::Conninfo::parse("host='/tmp/a b' port=5433 password=hunter2");
  const auto hint = pg::hint_for_silence(conninfo);
  CHECK_THAT(hint, Catch::Contains("pg_isready -h '/tmp/a b' -p 5433"));
  CHECK_THAT(hint, !Catch::Contains("hunter2"));
}
