// How a session comes about, and what keeps it from that.
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "connected.hpp"
#include "silent_server.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::connect;
using test::error_of;

TEST_CASE("the session says who it is and silences notices") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  CHECK(connection.exec("show application_name").single() == "bkp");
  CHECK(connection.database() == "postgres");
  CHECK(connection.server_version() >= 150000);
  CHECK(connection.alive());
  connection.exec("do $$ begin raise warning 'not to be seen'; end $$");
  auto named = pg::Connection::open(test::conninfo("postgres").with("application_name", "nightly"),
                                    interrupt);
  CHECK(named.exec("show application_name").single() == "nightly");
}

TEST_CASE("what keeps a connection from being made is said with a hint") {
  const util::Interrupt interrupt;
  const auto conninfo = test::conninfo("postgres");
  const auto missing = error_of<pg::DatabaseError>(
      [&] { pg::Connection::open(conninfo.with_database("no such db"), interrupt); });
  CHECK(missing.sqlstate() == "3D000");
  CHECK(missing.connection_lost());
  CHECK_THAT(missing.message(), Catch::Contains("\"no such db\" does not exist"));
  CHECK_THAT(missing.message(), !Catch::Contains("LOCATION"));
  CHECK_THAT(missing.hint(), Catch::Contains("bkp init"));

  const auto stranger = error_of<pg::DatabaseError>(
      [&] { pg::Connection::open(conninfo.with("user", "nobody_here"), interrupt); });
  CHECK(stranger.sqlstate() == "28000");
  CHECK_THAT(stranger.hint(), Catch::Contains("create the role"));

  const auto down = error_of<pg::DatabaseError>([&] {
    pg::Connection::open(conninfo.with("host", "/nonexistent").with("password", "hunter2"),
                         interrupt);
  });
  CHECK(down.sqlstate().empty());
  CHECK(down.connection_lost());
  CHECK_THAT(down.hint(), Catch::Contains("pg_isready -h /nonexistent"));
  CHECK_THAT(down.message() + down.hint(), !Catch::Contains("hunter2"));
}

TEST_CASE("a server that accepts and never answers ends by connect_timeout") {
  const test::SilentServer server;
  const util::Interrupt interrupt;
  const auto error = error_of<pg::DatabaseError>(
      [&] { pg::Connection::open(server.conninfo().with("connect_timeout", "1"), interrupt); });
  CHECK_THAT(error.message(), Catch::Contains("timeout expired"));
  CHECK_THROWS_WITH(
      pg::Connection::open(server.conninfo().with("connect_timeout", "soon"), interrupt),
      Catch::Contains("connect_timeout"));
}

TEST_CASE("an interrupt ends the wait for a server that never answers") {
  const test::SilentServer server;
  util::Interrupt asked;
  std::jthread later{[&] {
    server.wait_for_client();
    asked.request(SIGINT);
  }};
  const auto error = error_of(
      [&] { pg::Connection::open(server.conninfo().with("connect_timeout", "60"), asked); });
  CHECK(error.kind() == util::ErrorKind::interrupted);
  CHECK(error.signal() == SIGINT);
}
