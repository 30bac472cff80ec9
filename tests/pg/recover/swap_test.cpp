// The exchange of two databases while others are connected.
#include "recover/swap.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "recover/database_settings.hpp"
#include "support/error_of.hpp"
#include "support/restore_bench.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

struct Pair {
  std::string old_one = marked("old");
  std::string new_one = marked("new");

  static std::string marked(const std::string& mark) {
    const auto name = fresh_database();
    cluster().psql(name, "create table mark as select '" + mark + "' as text");
    return name;
  }
};

std::string mark_of(const std::string& database) {
  return cluster().psql(database, "select text from mark");
}

}  // namespace

TEST_CASE("a swap ends the connections to the old database, however eager they are to return") {
  RestoreBench bench;
  const Pair pair;
  std::atomic<bool> stop = false;
  std::atomic<int> connected = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      const util::Interrupt calm;
      while (!stop) {
        try {
          auto connection = pg::Connection::open(conninfo(pair.old_one), calm);
          ++connected;
          connection.exec("select pg_sleep(30)");
        } catch (const util::Error&) {
          // Ended by the swap, or arrived in the middle of it.
        }
        if (connected > 1000) return;
      }
    });
  }
  REQUIRE(wait_until([&] { return connected >= 4; }));
  auto maintenance = pg::Connection::open(bench.context.cluster(), bench.outside.interrupt);
  REQUIRE(wait_until([&] { return !recover::clients_of(maintenance, pair.old_one).empty(); }));

  const auto kept = pair.old_one + "_before";
  recover::swap_databases(bench.context, bench.context.cluster(), pair.old_one, pair.new_one, kept);
  stop = true;
  cluster().psql("postgres",
                 "select pg_terminate_backend(pid) from pg_stat_activity where query "
                 "like '%pg_sleep(30)%' and pid <> pg_backend_pid()");
  clients.clear();
  CHECK(mark_of(pair.old_one) == "new");
  CHECK(mark_of(kept) == "old");
}

TEST_CASE("a swap that cannot be completed leaves both as they were") {
  RestoreBench bench;
  const Pair pair;
  const auto taken = fresh_database();
  CHECK_THROWS_AS(recover::swap_databases(bench.context, bench.context.cluster(), pair.old_one,
                                          pair.new_one, taken),
                  util::Error);
  CHECK(mark_of(pair.old_one) == "old");
  CHECK(mark_of(pair.new_one) == "new");
  CHECK(cluster().psql("postgres",
                       "select bool_and(datallowconn) from pg_database where datname "
                       "<> 'template0'") == "t");
}

TEST_CASE("prepared transactions stand in the way") {
  Cluster prepared{{.settings = {{"max_prepared_transactions", "2"}}}};
  prepared.create_database("busy");
  prepared.psql("busy", "begin; create table t (a int); prepare transaction 'mine'");
  const util::Interrupt calm;
  auto connection = pg::Connection::open(pg::Conninfo::parse(prepared.conninfo()), calm);
  const auto error = error_of([&] { recover::require_swappable(connection, "busy"); });
  CHECK(error.kind() == util::ErrorKind::refused);
  CHECK_THAT(error.message(), Contains("1 prepared transactions"));
  prepared.psql("busy", "rollback prepared 'mine'");
  CHECK_NOTHROW(recover::require_swappable(connection, "busy"));
}

TEST_CASE("a role without the right, and PostgreSQL's templates, are refused") {
  const auto database = fresh_database();
  cluster().psql("postgres",
                 "do $$ begin create role weak login; exception when others then null; "
                 "end $$");
  const util::Interrupt calm;
  auto weak = pg::Connection::open(conninfo("postgres").with("user", "weak"), calm);
  CHECK_THROWS_WITH(recover::require_swappable(weak, database), Contains("may not rename"));
  auto strong = pg::Connection::open(conninfo("postgres"), calm);
  CHECK_THROWS_WITH(recover::require_swappable(strong, "template1"), Contains("template"));
  CHECK_NOTHROW(recover::require_swappable(strong, database));
}

TEST_CASE("who is connected is told by role and application") {
  const auto database = fresh_database();
  const util::Interrupt calm;
  auto one = pg::Connection::open(conninfo(database).with("application_name", "web"), calm);
  auto two = pg::Connection::open(conninfo(database).with("application_name", "web"), calm);
  auto maintenance = pg::Connection::open(conninfo("postgres"), calm);
  const auto clients = recover::clients_of(maintenance, database);
  REQUIRE(clients.size() == 1);
  CHECK(clients[0].user == "postgres");
  CHECK(clients[0].application == "web");
  CHECK(clients[0].connections == 2);
}

TEST_CASE("settings that are lists are written as lists, others as one text") {
  const util::Interrupt calm;
  auto connection = pg::Connection::open(conninfo("postgres"), calm);
  const auto sql = [&](const char* name, const char* value) {
    return recover::setting_as_sql(connection, name, value);
  };
  CHECK(sql("search_path", "art, \"odd, \"\"one\"\"\", public") ==
        "'art', 'odd, \"one\"', 'public'");
  CHECK(sql("search_path", "") == "''");
  CHECK(sql("search_path", "\"\"") == "''");
  CHECK(sql("DateStyle", "ISO, DMY") == "'ISO, DMY'");
  CHECK(sql("application_name", "it's") == "'it''s'");
}
