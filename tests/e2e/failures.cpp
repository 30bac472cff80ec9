// What goes wrong every day: each command's common failures end with the documented exit code, a
// message and a hint.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/running_as_root.hpp"
#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> commands_on_server{"full",   "list",  "check",
                                                  "verify", "prune", "runbook"};

/// The message and the hint of a failed run, on stderr for people and in the envelope for programs.
void check_failure(const Site& site, std::vector<std::string> arguments, int exit_code,
                   const std::string& kind, const std::string& message) {
  const Outcome outcome = site.run(arguments);
  CAPTURE(outcome);
  CHECK(outcome.exit_code == exit_code);
  CHECK_THAT(outcome.err, Contains("error: ") && Contains(message) && Contains("hint: "));
  const auto json = site.json(arguments);
  INFO(json.dump(1));
  CHECK(json.at("exit_code") == exit_code);
  CHECK(json.at("status") == "failed");
  CHECK(json.at("error").at("kind") == kind);
  CHECK_FALSE(json.at("error").at("hint").get<std::string>().empty());
}

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

TEST_CASE("with the catalog down and nothing mounted there are not `no backups`") {
  Site site;
  site.must({"init"});
  std::filesystem::rename(site.store(), site.store().string() + ".unmounted");
  std::filesystem::create_directory(site.store());
  site.cluster().stop();
  check_failure(site, {"list"}, 6, "store", "holds no site");
  check_failure(site, {"prune"}, 6, "store", "holds no site");
  CHECK(std::filesystem::is_empty(site.store()));
}

TEST_CASE("that the catalog is down is said once in a run, and truly") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("good");
  const std::string label =
      site.json({"full", "--db", "good"}).at("result").at("backups").at(0).at("label");
  site.cluster().psql("postgres", "drop database bkp with (force)");
  const std::vector<std::vector<std::string>> commands{
      {"list"},
      {"show", "latest"},
      {"full", "--db", "good"},
      {"verify", label},
      {"verify", "--all", "--level", "checksum"},
      {"prune"},
      {"prune", "--dry-run"},
      {"hold", label, "--reason", "x"},
      {"release", label},
      {"restore", label, "--db", "good", "--into", "again"},
      {"runbook"}};
  for (const auto& command : commands) {
    const auto outcome = site.must(command);
    CAPTURE(outcome);
    std::size_t said = 0;
    for (auto at = outcome.err.find("catalog cannot"); at != outcome.err.npos;
         at = outcome.err.find("catalog cannot", at + 1)) {
      ++said;
    }
    CHECK(said == 1);
    CHECK_THAT(outcome.err, Contains("the catalog cannot be reached"));
    const bool recorded = command.back() != "--dry-run";
    CHECK((outcome.err.find("is noted in") != outcome.err.npos) == recorded);
    CHECK_THAT(outcome.err, !Contains("listing"));
  }
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

namespace {

/// A site whose server asks the role bkp, a superuser, for the password "right".
struct GuardedSite : Site {
  GuardedSite() {
    cluster().psql("postgres", "create role bkp superuser login password 'right'");
    write_text(cluster().data_directory() / "pg_hba.conf",
               "local all bkp scram-sha-256\nlocal all all trust\n");
    cluster().restart();
    config("");
  }
  void config(const std::string& more) const {
    auto text = base_config();
    text.replace(text.find("user=postgres"), 13, "user=bkp");
    write_config(text.insert(text.find("  bin_directory"), more));
  }
  std::filesystem::path password_file(const std::string& name, const std::string& password,
                                      std::filesystem::perms mode) const {
    const auto file = directory() / name;
    write_text(file, "*:*:*:*:" + password + "\n");
    std::filesystem::permissions(file, mode);
    return file;
  }
};

using std::filesystem::perms;
constexpr auto private_mode = perms::owner_read | perms::owner_write;

}  // namespace

TEST_CASE("a password file that others can read is one finding of check among all the others") {
  const GuardedSite site;
  const auto file = site.password_file("pgpass", "right", private_mode);
  site.config("  password_file: " + file.string() + "\n");
  site.must({"init"});
  std::filesystem::permissions(file, private_mode | perms::others_read);
  check_failure(site, {"list"}, 9, "key", file.string());
  const auto json = site.json({"check"});
  INFO(json.dump(1));
  CHECK(json.at("exit_code") == 9);
  const auto has = [&](const std::string& check, const std::string& status) {
    const auto& checks = json.at("result").at("checks");
    return std::any_of(checks.begin(), checks.end(), [&](const auto& finding) {
      return finding.at("check") == check && finding.at("status") == status;
    });
  };
  CHECK(has("permissions", "error"));
  CHECK(has("store local", "ok"));
  CHECK_THAT(site.run({"check"}).out, Contains("fix: run: chmod 600 " + file.string()));
}

TEST_CASE("a password file that libpq passes over is named by check and by the refusal") {
  const GuardedSite site;
  const auto file = site.password_file(".pgpass", "right", private_mode | perms::group_read);
  const auto bkp = [&] { return site.bkp().with_variable("HOME", site.directory().string()); };
  const auto refused = bkp().run({"init"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 5);
  CHECK_THAT(refused.err, Contains("libpq passes over") && Contains("chmod 600 " + file.string()));
  CHECK_THAT(bkp().run({"check"}).out, Contains("libpq passes over"));
  std::filesystem::permissions(file, private_mode);
  CHECK(bkp().run({"init"}).succeeded());
}

TEST_CASE("a configured password file wins over PGPASSWORD, for sessions and programs alike") {
  const GuardedSite site;
  const auto run = [&](std::vector<std::string> arguments, const std::string& password) {
    return site.bkp().with_variable("PGPASSWORD", password).run(std::move(arguments));
  };
  CHECK(run({"init"}, "right").succeeded());
  CHECK(run({"init"}, "wrong").exit_code == 5);
  const auto file = site.password_file("pgpass", "right", private_mode);
  site.config("  password_file: " + file.string() + "\n");
  for (const std::string command : {"init", "full", "list", "verify"}) {
    const auto outcome = run({command}, "wrong");
    CAPTURE(command, outcome);
    CHECK(outcome.succeeded());
    CHECK_THAT(outcome.err, !Contains("cannot"));
  }
}

TEST_CASE("a catalog that was never made says to run init") {
  const Site site;
  const Outcome outcome = site.run({"show", "latest"});
  CAPTURE(outcome);
  CHECK_FALSE(outcome.succeeded());
  CHECK_THAT(outcome.err, Contains("bkp init"));
}

TEST_CASE("an explanation of the settings touches neither the catalog nor the spool") {
  Site site;
  site.must({"init"});
  const auto runs = [&] { return site.cluster().psql("bkp", "select count(*) from bkp.runs"); };
  const auto before = runs();
  site.must({"check", "--explain"});
  CHECK(runs() == before);
  site.cluster().stop();
  std::filesystem::remove_all(site.spool());
  const auto outcome = site.must({"check", "--explain"});
  CHECK(outcome.err.empty());
  CHECK_FALSE(std::filesystem::exists(site.spool()));
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

TEST_CASE("a run as root leaves nothing that the owner of the store cannot use") {
  // Becoming that user takes root.
  if (!running_as_root()) return;
  Site site;
  const auto runbook = site.directory() / "state/runbook.html";
  site.write_config(site.base_config() + "runbook: {path: " + runbook.string() + "}\n");
  const auto user = system_user("postgres");
  const auto give = [&] {
    output_of(Program{{"chown", "-R", user.name + ":", site.directory().string()}});
    // Root takes no orders from a file that others may change.
    output_of(Program{{"chown", "root", site.config_file().string()}});
    output_of(Program{{"chmod", "640", site.config_file().string()}});
  };
  const auto as_user = [&](const std::vector<std::string>& arguments) {
    auto program = site.bkp().command(arguments);
    return program.as_user(user).run();
  };
  const auto foreign = [&] {
    return output_of(Program{{"find", site.directory().string(), "!", "-user", user.name, "!",
                              "-name", site.config_file().filename().string()}});
  };
  std::filesystem::create_directory(site.store());
  std::filesystem::create_directory(site.directory() / "state");
  give();
  site.cluster().create_database("app");
  site.must({"init"});
  site.must({"full"});
  // Without its catalog the run is kept in the spool.
  site.cluster().psql("postgres", "alter database bkp rename to hidden");
  site.must({"full", "--db", "app"});
  CHECK_FALSE(std::filesystem::is_empty(site.spool()));
  CHECK(foreign() == "");
  site.cluster().psql("postgres", "alter database hidden rename to bkp");
  const auto full = as_user({"full"});
  CAPTURE(full);
  CHECK(full.exit_code == 0);

  const auto closed = site.store() / "studio/backups/20200101T000000Z-full-app";
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  const auto list = as_user({"full", "--db", "app"});
  CAPTURE(list);
  CHECK_THAT(list.err, Contains("20200101T000000Z-full-app") && Contains("Permission denied") &&
                           Contains("bkp check"));
  const auto check = as_user({"check"});
  CAPTURE(check);
  CHECK_THAT(check.out, Contains(closed.string()) && Contains("chown -R " + user.name + ": ") &&
                            Contains((site.store() / "studio").string()));
}
