// Real databases backed up, verified, restored and compared with the original by other means than
// the code under test.
#include <catch2/catch.hpp>
#include <csignal>

#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// full, verify, restore beside; the restored one holds what the original held.
void round_trip(Site& site, const std::string& database) {
  const std::string original = database_digest(site.cluster(), database);
  const auto full = site.json({"full", "--db", database});
  INFO(full.dump(1));
  REQUIRE(full.at("status") == "ok");
  REQUIRE(full.at("result").at("backups").size() == 1);
  const auto backup = full["result"]["backups"][0];
  CHECK(backup.at("database_name") == database);
  CHECK(backup.at("status") == "completed");
  CHECK(backup.at("verified") == false);

  const auto verify = site.json({"verify", backup.at("label")});
  INFO(verify.dump(1));
  REQUIRE(verify.at("status") == "ok");
  const auto verification = verify.at("result").at("verifications").at(0);
  CHECK(verification.at("success") == true);
  CHECK(verification.at("validation_queries_passed") ==
        verification.at("validation_queries_total"));
  CHECK(verification.at("validation_queries_total").get<int>() > 0);

  const auto restore = site.json(
      {"restore", backup.at("label"), "--db", database, "--into", "again", "--yes", "again"});
  INFO(restore.dump(1));
  REQUIRE(restore.at("status") == "ok");
  CHECK(database_digest(site.cluster(), "again") == original);
  CHECK(database_digest(site.cluster(), database) == original);
}

}  // namespace

TEST_CASE("pgbench, scale 10") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("bench");
  output_of(Program{{(site.cluster().bin_directory() / "pgbench").string(), "-i", "-q", "-s", "10",
                     "--foreign-keys"}}
                .with_environment(site.cluster().environment("bench")));
  round_trip(site, "bench");
}

TEST_CASE("a database with everything nasty in it") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("nasty \"one\"");
  site.cluster().load_file("nasty \"one\"", std::filesystem::path{BKP_TEST_DATA} / "nasty.sql");
  const auto tablespace = site.cluster().make_directory("elsewhere");
  site.cluster().psql("postgres",
                      "create tablespace elsewhere location " + sql_literal(tablespace.string()));
  site.cluster().psql("nasty \"one\"",
                      "create table in_tablespace (a int primary key using index tablespace "
                      "elsewhere) tablespace elsewhere;"
                      "insert into in_tablespace select generate_series(1, 1000)");
  round_trip(site, "nasty \"one\"");
}

TEST_CASE("a LATIN1 database") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("latin", "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  site.cluster().load_file("latin", std::filesystem::path{BKP_TEST_DATA} / "nasty_latin1.sql");
  round_trip(site, "latin");
  CHECK(site.cluster().psql("again", "show server_encoding") == "LATIN1");
}

TEST_CASE("a table that changes during the dump is backed up as it was at one moment") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("busy");
  site.cluster().psql("busy",
                      "create table account (id int primary key, balance int);"
                      "insert into account select i, 100 from generate_series(1, 50000) i");
  auto transfers = site.cluster().start_psql(
      "busy",
      "select 'update account set balance = balance - 1 where id = ' || i % 50000 + 1 ||"
      " '; update account set balance = balance + 1 where id = ' || (i * 7) % 50000 + 1 from "
      "generate_series(1, 100000) i \\gexec");
  REQUIRE(wait_until([&] {
    return site.cluster().psql("busy", "select count(*) > 0 from account where balance <> 100") ==
           "t";
  }));
  const auto full = site.json({"full", "--db", "busy"});
  INFO(full.dump(1));
  REQUIRE(full.at("status") == "ok");
  CHECK(transfers.running());
  transfers.signal(SIGTERM);
  transfers.wait();
  const auto verify = site.json({"verify"});
  INFO(verify.dump(1));
  CHECK(verify.at("status") == "ok");
}
