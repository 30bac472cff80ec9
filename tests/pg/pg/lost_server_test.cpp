// A server that goes away while it is talked to.
#include <catch2/catch.hpp>
#include <thread>

#include "connected.hpp"
#include "support/error_of.hpp"
#include "support/wait_until.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::cluster;
using test::Cluster;
using test::connect;
using test::error_of;

TEST_CASE("a lost server is told apart from a refusal") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto pid = std::string{connection.exec("select pg_backend_pid()").single()};
  SECTION("ended by an administrator in mid-statement") {
    std::jthread killer{[&] {
      test::wait_until([&] {
        return cluster().psql("postgres", "select count(*) from pg_stat_activity where pid = " +
                                              pid + " and state = 'active'") == "1";
      });
      cluster().psql("postgres", "select pg_terminate_backend(" + pid + ")");
    }};
    const auto error =
        error_of<pg::DatabaseError>([&] { connection.exec("select pg_sleep(600)"); });
    CHECK(error.connection_lost());
    CHECK(error.sqlstate() == "57P01");
  }
  SECTION("gone between two statements") {
    cluster().psql("postgres", "select pg_terminate_backend(" + pid + ", 5000)");
    CHECK(error_of<pg::DatabaseError>([&] { connection.exec("select 1"); }).connection_lost());
  }
  CHECK_FALSE(connection.alive());
  const auto after = error_of<pg::DatabaseError>([&] { connection.exec("select 1"); });
  CHECK(after.connection_lost());
  CHECK_THROWS_AS(connection.identifier("a"), util::Error);
}

TEST_CASE("a crash of the server is a lost connection") {
  Cluster fragile;
  const util::Interrupt interrupt;
  auto connection = pg::Connection::open(pg::Conninfo::parse(fragile.conninfo()), interrupt);
  std::jthread killer{[&] {
    test::wait_until([&] {
      return fragile.psql("postgres",
                          "select count(*) from pg_stat_activity where query like "
                          "'%pg_sleep(600)' and state = 'active'") == "1";
    });
    fragile.kill();
  }};
  const auto error = error_of<pg::DatabaseError>([&] { connection.exec("select pg_sleep(600)"); });
  CHECK(error.connection_lost());
  CHECK_THAT(error.hint(), Catch::Contains("restart or crash"));
}
