#include "support/cluster.hpp"

#include <signal.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "support/wait_until.hpp"

using namespace bkp::test;

TEST_CASE("a throwaway cluster serves SQL over its socket") {
  const Cluster cluster;
  CHECK(cluster.psql("postgres", "select 6 * 7;") == "42");
  CHECK(cluster.psql("postgres", "show server_encoding; show listen_addresses;") == "UTF8\n");
  CHECK_THROWS_WITH(cluster.psql("postgres", "select no_such_column;"),
                    Catch::Contains("no_such_column"));
}

TEST_CASE("databases of any name can be made and used") {
  const Cluster cluster;
  const std::string name = "a=b 'c' \"d\" \\e";
  cluster.create_database(name);
  CHECK(cluster.has_database(name));
  CHECK_FALSE(cluster.has_database("a"));
  CHECK(cluster.psql(name, "select current_database();") == name);
}

TEST_CASE("settings reach the server, a tablespace directory is writable") {
  const Cluster cluster{{.settings = {{"wal_level", "logical"}, {"work_mem", "7MB"}}}};
  CHECK(cluster.psql("postgres", "show wal_level; show work_mem;") == "logical\n7MB");
  cluster.psql("postgres", "create tablespace fast location '" +
                               cluster.make_directory("fast").string() +
                               "'; create table t (a int) tablespace fast;");
  CHECK(cluster.psql("postgres", "select count(*) from t;") == "0");
}

TEST_CASE("a cluster on a loopback port answers there") {
  const Cluster cluster{{.loopback = true}};
  Variables environment = cluster.environment();
  environment["PGHOST"] = "127.0.0.1";
  const Program psql =
      Program{{"psql", "-XAtc", "select inet_server_port()"}}.with_environment(environment);
  CHECK(output_of(psql) == std::to_string(cluster.port()) + "\n");
}

TEST_CASE("what was committed survives a restart and a crash") {
  Cluster cluster{{.settings = {{"synchronous_commit", "on"}}}};
  cluster.psql("postgres", "create table t as select generate_series(1, 1000) a;");
  cluster.restart();
  CHECK(cluster.psql("postgres", "select count(*) from t;") == "1000");

  RunningProgram session = cluster.start_psql("postgres", "select 1; select pg_sleep(60);");
  REQUIRE(wait_until([&] { return session.out_so_far() == "1\n"; }));
  cluster.kill();
  CHECK_FALSE(cluster.running());
  CHECK_FALSE(session.wait().succeeded());
  CHECK_FALSE(cluster.try_psql("postgres", "select 1;").succeeded());
  cluster.start();
  CHECK(cluster.psql("postgres", "select count(*) from t;") == "1000");
}

TEST_CASE("nothing of a cluster outlives it") {
  pid_t postmaster = 0;
  std::filesystem::path directory;
  {
    const Cluster cluster;
    postmaster = cluster.postmaster_pid();
    directory = cluster.data_directory();
    REQUIRE(::kill(postmaster, 0) == 0);
  }
  CHECK(::kill(postmaster, 0) != 0);
  CHECK_FALSE(std::filesystem::exists(directory));
}

TEST_CASE("a cluster that cannot start says why") {
  CHECK_THROWS_WITH((Cluster{{.settings = {{"shared_buffers", "none"}}}}),
                    Catch::Contains("shared_buffers"));
}
