// What goes wrong every day: each command's common failures end with the documented exit code, a
// message and a hint.
#include <csignal>
#include <filesystem>

#include "e2e/check_failure.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> commands_on_server{"full",   "list",  "check",
                                                  "verify", "prune", "runbook"};

}  // namespace

TEST_CASE("without a configuration every command says where it looked") {
  const Site site;
  std::filesystem::remove(site.config_file());
  for (const auto& command : commands_on_server)
    check_failure(site, {command}, 4, "config", "bkp.yaml");
}

TEST_CASE("a misspelt key is named with its line and the nearest known key") {
  const Site site;
  site.write_config(site.base_config() + "retantion: {}\ncompresion: {level: 3}\n");
  for (const auto& command : commands_on_server)
    check_failure(site, {command}, 4, "config", "bkp.yaml:");
  const auto json = site.json({"full"});
  CHECK_THAT(json.at("error").at("message").get<std::string>() +
                 json.at("error").at("hint").get<std::string>(),
             Contains("compression") || Contains("retention"));
}

TEST_CASE("wrong arguments are exit 2 and name the option") {
  const Site site;
  check_failure(site, {"full", "--sotre", "local"}, 2, "usage", "--sotre");
  check_failure(site, {"verify", "--level", "deep"}, 2, "usage", "--level");
  check_failure(site, {"list", "--since", "yesterdayish"}, 2, "usage", "yesterdayish");
  check_failure(site, {"frobnicate"}, 2, "usage", "frobnicate");
  check_failure(site, {"--config", "my site.yaml", "list", "-q"}, 2, "usage", "--config");
  CHECK_THAT(site.run({"--config", "my site.yaml", "list", "-q"}).err,
             Contains("options follow the command: `bkp list --config 'my site.yaml' -q`"));
  CHECK_THAT(site.run({"--verbose"}).err, Contains("`bkp COMMAND --verbose`"));
}

TEST_CASE("what was not expected is named in the order it was typed") {
  const Site site;
  check_failure(site, {"full", "--verifed", "no"}, 2, "usage", "not expected: --verifed no");
  check_failure(site, {"hold", "latest", "--reason", ""}, 2, "usage", "--reason");
}

TEST_CASE("quiet leaves out what was not asked for, and no document") {
  Site site;
  site.must({"init"});
  const auto quiet = site.must({"catalog", "export", "-q"});
  CHECK(nlohmann::json::parse(quiet.out).at("site") == "studio");
  CHECK(site.must({"list", "-q"}).out.empty());
}

TEST_CASE("no answer to a question is a line of its own") {
  Site site;
  site.cluster().create_database("app");
  site.must({"init"});
  site.must({"full", "--db", "app"});
  const auto outcome = site.run({"restore", "latest", "--db", "app", "--swap"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 11);
  CHECK_THAT(outcome.err, Contains("to go on: \nbkp restore: error: "));
}

TEST_CASE("a name that PostgreSQL would cut is not restored into") {
  const Site site;
  check_failure(site, {"restore", "latest", "--db", "a", "--into", std::string(64, 'b')}, 2,
                "usage", "64 bytes");
}

TEST_CASE("an error is said although the logs go to a program, and although stdout is full") {
  const Site site;
  const auto unknown = site.run({"list", "--log-format", "json", "--frobnicate"});
  CAPTURE(unknown);
  CHECK(unknown.exit_code == 2);
  CHECK_THAT(unknown.err, Contains("--frobnicate"));
  for (const std::string arguments :
       {"list --help", "help", "--version", "frobnicate --json", "check --explain"}) {
    const auto outcome =
        Program{{"sh", "-c", InstalledBkp::program().string() + " " + arguments + " >/dev/full"}}
            .with_variable("BKP_CONFIG", site.config_file())
            .run();
    CAPTURE(arguments, outcome);
    CHECK(outcome.exit_code == (arguments == "frobnicate --json" ? 2 : 6));
    CHECK_THAT(outcome.err, Contains("error: ") && Contains("hint: "));
  }
}

TEST_CASE("a reader that has what it wanted is no error to speak of") {
  Site site;
  site.must({"init"});
  const auto outcome =
      Program{{"bash", "-c",
               "mkfifo go; exec 3>&1; (read -r _ <go; " + InstalledBkp::program().string() +
                   " check; echo $? >&3) | { exec <&-; echo >go; }"}}
          .in_directory(site.directory())
          .with_variable("BKP_CONFIG", site.config_file())
          .run();
  CAPTURE(outcome);
  CHECK(outcome.out == "141\n");
  CHECK(outcome.err.empty());
}

TEST_CASE("a server that is down is exit 5, and the run is in the catalog later") {
  Site site;
  site.must({"init"});
  site.cluster().stop();
  check_failure(site, {"full"}, 5, "database", "socket");
  site.cluster().start();
  site.must({"full"});
  CHECK(site.cluster().psql(
            "bkp", "select count(*) from bkp.runs where command = 'full' and status = 'failed'") ==
        "2");
}

TEST_CASE("a store that is not there is exit 6 and is not made anew") {
  Site site;
  site.must({"init"});
  std::filesystem::rename(site.store(), site.store().string() + ".unmounted");
  check_failure(site, {"full"}, 6, "store", "store");
  CHECK_FALSE(std::filesystem::exists(site.store()));
  std::filesystem::create_directory(site.store());
  check_failure(site, {"full"}, 6, "store", "site.json");
  CHECK(std::filesystem::is_empty(site.store()));
}

TEST_CASE("a hold on `latest` needs to know of which database") {
  Site site;
  site.must({"init"});
  for (const char* name : {"one", "two"}) site.cluster().create_database(name);
  site.must({"full", "--db", "one", "--db", "two"});
  check_failure(site, {"hold", "latest", "--reason", "x"}, 10, "not_found", "ambiguous");
  check_failure(site, {"release", "latest"}, 10, "not_found", "ambiguous");
  CHECK_THAT(site.run({"hold", "latest", "--reason", "x"}).err, Contains("--db one"));
  CHECK(site.cluster().psql("bkp", "select count(held_until) from bkp.backups") == "0");
  site.must({"hold", "latest", "--db", "two", "--reason", "x"});
  site.must({"show", "latest"});
}

TEST_CASE("an unknown backup, store or database is exit 10") {
  Site site;
  site.must({"init"});
  check_failure(site, {"show", "20200101"}, 10, "not_found", "20200101");
  check_failure(site, {"verify", "latest"}, 10, "not_found", "backup");
  check_failure(site, {"full", "--store", "nowhere"}, 10, "not_found", "nowhere");
  check_failure(site, {"full", "--db", "nobody"}, 10, "not_found",
                "there is no database \"nobody\" on /");
  check_failure(site, {"restore", "latest", "--db", "postgres"}, 10, "not_found", "backup");
  check_failure(site, {"hold", "20200101", "--reason", "x"}, 10, "not_found", "20200101");
}

TEST_CASE("a database that is named and not there is exit 3, the others are backed up") {
  Site site{"databases: [postgres, nosuchdb]\n"};
  site.must({"init"});
  const auto outcome = site.run({"full"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("\"nosuchdb\" is to be backed up and not there"));
  CHECK(site.json({"list", "--db", "postgres"})["result"]["backups"].size() == 1);
  CHECK(site.run({"check"}).exit_code == 4);
  CHECK(site.run({"full", "--db", "postgres"}).exit_code == 0);
}

TEST_CASE("quiet, a run that fails says what failed and no more") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("a");
  site.cluster().create_database("b");
  const auto good = site.back_up("a");
  const auto bad = site.back_up("b");
  std::filesystem::remove(site.store() / "studio/backups" / bad / "dump.pgc.zst");
  const auto outcome = site.run({"verify", "--all", "--level", "checksum", "-q"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.out, Contains(bad) && !Contains(good));
}

TEST_CASE("the beginning of a label is looked for among the backups of --db") {
  Site site{"full: {jobs: 1}\n"};
  site.must({"init"});
  site.cluster().create_database("a");
  site.must({"full"});
  const auto listed = site.json({"list", "--db", "a"})["result"]["backups"];
  const auto label = listed.at(0)["label"].get<std::string>();
  const auto restored = site.run({"restore", label.substr(0, 10), "--db", "a", "--into", "back"});
  CAPTURE(restored);
  CHECK(restored.exit_code == 0);
  const auto other = site.run({"restore", label, "--db", "postgres"});
  CHECK(other.exit_code == 10);
  CHECK_THAT(other.err, Contains("is a backup of \"a\", not of database \"postgres\""));
}

TEST_CASE("one database that fails does not stop the others") {
  Site site;
  site.must({"init"});
  for (const char* name : {"good", "broken"}) {
    site.cluster().create_database(name);
    site.cluster().psql(name, "create table t as select generate_series(1, 100) a");
  }
  // A view over a function that is gone cannot be dumped.
  site.cluster().psql(
      "broken",
      "set allow_system_table_mods = on; create type e as enum ('x'); create table u (a e);"
      "delete from pg_type where typname = 'e'");
  const auto json = site.json({"full", "--db", "good", "--db", "broken"});
  INFO(json.dump(1));
  CHECK(json.at("exit_code") == 3);
  CHECK(json.at("status") == "partial");
  CHECK(json.at("result").at("window").at("met").is_null());
  for (const auto& backup : json.at("result").at("backups")) {
    CHECK(backup.at("status") == (backup.at("database_name") == "good" ? "completed" : "failed"));
  }
  const auto list = site.json({"list", "--status", "completed"});
  REQUIRE(list.at("result").at("backups").size() == 1);
  CHECK(list["result"]["backups"][0].at("database_name") == "good");
}

TEST_CASE(
    "a table that stays locked ends the backup after full.lock_timeout, with what to look at") {
  Site site{"full: {lock_timeout: 1s}\n"};
  site.must({"init"});
  site.cluster().create_database("app");
  site.cluster().psql("app", "create table busy (a int)");
  auto holder = site.cluster().start_psql(
      "app", "begin; lock table busy in access exclusive mode; select pg_sleep(600)");
  REQUIRE(wait_until([&] {
    return site.cluster().psql("app",
                               "select count(*) from pg_locks where relation = 'busy'::regclass "
                               "and mode = 'AccessExclusiveLock' and granted") == "1";
  }));
  const auto outcome = site.run({"full", "--db", "app"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 5);
  CHECK_THAT(outcome.err,
             Contains("busy") && Contains("full.lock_timeout") && Contains("pg_stat_activity"));
  holder.signal(SIGTERM);
  holder.wait();
  site.cluster().psql("postgres",
                      "select pg_terminate_backend(pid) from pg_stat_activity where query like "
                      "'%pg_sleep(600)%' and pid <> pg_backend_pid()");
  site.must({"full", "--db", "app"});
}
