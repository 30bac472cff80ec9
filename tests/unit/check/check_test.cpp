#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "check/topics.hpp"
#include "only_finding.hpp"
#include "support/running_as_root.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::check {

using namespace std::chrono_literals;
using Catch::Contains;
using util::Error;
using util::ErrorKind;
using Status = Finding::Status;

namespace {

const Finding& named(const Findings& findings, const std::string& check) {
  INFO(check);
  const auto found = std::ranges::find(findings.all(), check, &Finding::check);
  REQUIRE(found != findings.all().end());
  return *found;
}

config::Config sound_config() {
  config::Config config;
  config.file = "/etc/bkp/bkp.yaml";
  config.site = "studio";
  config.stores.resize(2);
  config.stores[0].name = "local";
  config.stores[1].name = "vault";
  return config;
}

}  // namespace

TEST_CASE("warnings leave a check good; the most urgent error decides the exit code") {
  Findings findings;
  findings.ok("server", "answers");
  findings.warning("cron", "not there", "install it");
  CHECK_FALSE(findings.verdict());
  findings.error("store local", Error{ErrorKind::store, "full", "make room"});
  REQUIRE(findings.verdict());
  CHECK(findings.verdict()->exit_code() == 6);
  CHECK(findings.verdict()->message() == "store local: full");
  CHECK(findings.verdict()->hint() == "make room");
  findings.error("server", Error{ErrorKind::database, "down"});
  CHECK(findings.verdict()->exit_code() == 5);
  findings.error("permissions", Error{ErrorKind::key, "open", "chmod"});
  CHECK(findings.verdict()->exit_code() == 9);
  findings.error("databases", Error{ErrorKind::config, "none", "name one"});
  findings.error("store b", Error{ErrorKind::damaged, "odd"});
  CHECK(findings.verdict()->exit_code() == 4);
  CHECK(findings.verdict()->message() == "5 errors found, first of all databases: none");
}

TEST_CASE("findings for people and for programs") {
  Findings findings;
  findings.ok("server", "answers");
  findings.warning("store local", "a\nb\x1b[31m", "c");
  CHECK(to_text(findings) ==
        "ok       server       answers\n"
        "warning  store local  a\\x0ab\\x1b[31m\n"
        "                      fix: c\n"
        "2 checks: 0 errors, 1 warning\n");
  const auto json = to_json(findings);
  CHECK(json["errors"] == 0);
  CHECK(json["warnings"] == 1);
  REQUIRE(json["checks"].size() == 2);
  CHECK(json["checks"][1]["check"] == "store local");
  CHECK(json["checks"][1]["status"] == "warning");
  CHECK(json["checks"][1]["fix"] == "c");
}

TEST_CASE("an attempt turns an error into a finding, and lets an interruption through") {
  Findings findings;
  CHECK(findings.attempt("a", [] {}));
  CHECK_FALSE(findings.attempt("b", [] { throw Error{ErrorKind::store, "gone", "mount it"}; }));
  CHECK(only(findings).kind == ErrorKind::store);
  CHECK(only(findings).fix == "mount it");
  CHECK_THROWS_AS(findings.attempt("c", [] { throw Error::interrupted(15); }), Error);
  CHECK(findings.all().size() == 1);
}

TEST_CASE("settings: sound ones are good, and 3-2-1 holds with a copy elsewhere") {
  auto config = sound_config();
  config.stores[0].url = "file:///a";
  config.stores[1].url = "s3://bucket";
  Findings findings;
  examine_settings(config, findings);
  CHECK(findings.count(Status::error) + findings.count(Status::warning) == 0);
  CHECK_THAT(named(findings, "copies").message, Contains("3-2-1"));
  config.stores[1].url = "file:///b";
  Findings here;
  examine_settings(config, here);
  CHECK(named(here, "copies").status == Status::warning);
  CHECK_THAT(named(here, "copies").message,
             Contains("in another place") && !Contains("third copy"));
}

TEST_CASE("settings: what has no effect is named") {
  auto config = sound_config();
  config.unsupported = {{"redis", 50}};
  Findings findings;
  examine_settings(config, findings);
  CHECK(named(findings, "configuration").status == Status::ok);
  CHECK_THAT(to_text(findings), Contains("redis (line 50) has no effect in this version"));
}

TEST_CASE("settings: one copy, no required store, no retention rule") {
  auto config = sound_config();
  config.stores.resize(1);
  config.stores[0].required = false;
  config.stores[0].retention = {.last = 0,
                                .within = 0s,
                                .hourly = 0,
                                .daily = 0,
                                .weekly = 0,
                                .monthly = 0,
                                .quarterly = 0,
                                .yearly = 0,
                                .wal = 0s};
  Findings findings;
  examine_settings(config, findings);
  CHECK_THAT(named(findings, "copies").message, Contains("only one store"));
  CHECK_THAT(to_text(findings), Contains("no store is required"));
  CHECK_THAT(named(findings, "retention").message,
             Contains("every rule of store \"local\" is 0") && Contains("removes nothing"));
  config.stores[0].retention.yearly = 1;
  Findings again;
  examine_settings(config, again);
  CHECK(std::ranges::find(again.all(), "retention", &Finding::check) == again.all().end());
}

TEST_CASE("permissions of configuration, password file and spool") {
  const test::TemporaryDirectory directory;
  auto config = sound_config();
  config.file = directory / "bkp.yaml";
  config.cluster.password_file = directory / "pgpass";
  config.catalog.spool_directory = directory / "spool";
  test::write_text(config.file, "");
  test::write_text(*config.cluster.password_file, "");
  std::filesystem::create_directory(config.catalog.spool_directory);
  const auto set_modes = [&](mode_t file, mode_t password, mode_t spool) {
    REQUIRE(::chmod(config.file.c_str(), file) == 0);
    REQUIRE(::chmod(config.cluster.password_file->c_str(), password) == 0);
    REQUIRE(::chmod(config.catalog.spool_directory.c_str(), spool) == 0);
  };
  set_modes(0644, 0600, 0700);
  Findings good;
  examine_permissions(config, {}, good);
  CHECK(only(good).status == Status::ok);
  set_modes(0664, 0644, 0755);
  Findings bad;
  examine_permissions(config, {}, bad);
  CHECK(bad.count(Status::warning) == 2);
  CHECK(bad.count(Status::error) == 1);
  CHECK(bad.verdict()->exit_code() == 9);
  CHECK_THAT(to_text(bad), Contains("chmod g-w " + config.file.string()) &&
                               Contains("chmod 600 " + config.cluster.password_file->string()) &&
                               Contains("chmod 700 " + config.catalog.spool_directory.string()));
}

TEST_CASE("a password file of the home directory that libpq passes over") {
  const test::TemporaryDirectory directory;
  auto config = sound_config();
  config.file = directory / "bkp.yaml";
  test::write_text(config.file, "");
  test::write_text(directory / ".pgpass", "*:*:*:*:secret\n");
  util::Environment environment;
  environment.set("HOME", directory.path());
  const auto look = [&](mode_t mode) {
    REQUIRE(::chmod((directory / ".pgpass").c_str(), mode) == 0);
    Findings findings;
    examine_permissions(config, environment, findings);
    return only(findings);
  };
  CHECK(look(0600).status == Status::ok);
  const auto found = look(0644);
  CHECK(found.status == Status::warning);
  CHECK_THAT(found.message, Contains("libpq passes over") && Contains("(mode 0644)"));
  CHECK(found.fix == "chmod 600 " + (directory / ".pgpass").string());
  config.cluster.conninfo = "password=known";
  CHECK(look(0644).status == Status::ok);
}

TEST_CASE("rights of a role") {
  Findings superuser;
  judge_rights({.name = "postgres", .superuser = true}, superuser);
  CHECK(only(superuser).status == Status::ok);
  Findings poor;
  judge_rights({.name = "b\"kp"}, poor);
  CHECK(poor.count(Status::warning) == 2);
  CHECK_THAT(to_text(poor), Contains("ALTER ROLE \"b\"\"kp\" CREATEDB;") &&
                                Contains("GRANT SELECT ON pg_authid TO \"b\"\"kp\";"));
  Findings able;
  judge_rights({.name = "bkp", .create_databases = true, .read_role_passwords = true}, able);
  CHECK(able.all().empty());
}

TEST_CASE("what a role cannot dump is an error with the grant that helps") {
  Findings findings;
  judge_unreadable("bkp", {.database = "x121"}, findings);
  CHECK(findings.all().empty());
  judge_unreadable("bkp",
                   {.database = "x121",
                    .relations = {3, "public.a"},
                    .row_security = {1, "public.b"},
                    .large_objects = {2, "4711"}},
                   findings);
  REQUIRE(findings.count(Status::error) == 3);
  CHECK(findings.all()[0].message ==
        "role \"bkp\" cannot dump 3 tables or sequences of database \"x121\", e.g. public.a");
  CHECK_THAT(findings.all()[0].fix, Contains("GRANT pg_read_all_data TO \"bkp\";"));
  CHECK_THAT(findings.all()[1].fix, Contains("ALTER ROLE \"bkp\" BYPASSRLS;"));
  CHECK_THAT(findings.all()[2].message, Contains("e.g. 4711"));
  CHECK(findings.verdict()->exit_code() == 5);
}

TEST_CASE("directories that runs write to and cannot") {
  auto config = sound_config();
  // Root may write anywhere but below what is no directory.
  config.catalog.spool_directory = "/dev/null/spool/deeper";
  config.recover.scratch_directory = "/tmp/not-there-yet/scratch";
  config.runbook.path = "/dev/null/runbook.html";
  Findings findings;
  examine_directories(config, findings);
  CHECK(findings.count(Status::error) == 2);
  CHECK_THAT(
      named(findings, "spool").message,
      Contains("\"/dev/null/spool/deeper\" cannot be made") && Contains("catalog.spool_directory"));
  CHECK_THAT(named(findings, "runbook").message, Contains("runbook.path"));
}

TEST_CASE("the cron file") {
  const test::TemporaryDirectory directory;
  const CronPlaces places{directory / "cron", directory / "pid"};
  const std::string job = "0 2 * * * root bkp full --triggered-by schedule -q\n";
  const auto look = [&] {
    Findings findings;
    examine_cron(places, findings);
    return only(findings);
  };
  const auto install = [&](const std::string& text) {
    test::write_text(places.file, text);
    REQUIRE(::chmod(places.file.c_str(), 0644) == 0);
  };
  test::write_text(places.pid_file, std::to_string(::getpid()) + "\n");
  CHECK_THAT(look().message, Contains("nothing runs by itself"));
  install(job);
  if (!test::running_as_root()) {
    CHECK_THAT(look().message, Contains("does not belong to root"));
    return;
  }
  CHECK(look().status == Status::ok);
  install("PATH=/usr/bin\n# " + job);
  CHECK_THAT(look().message, Contains("no active line"));
  install(job + "0 3 * * 0 root bkp verify");
  CHECK_THAT(look().message, Contains("no line end"));
  install(job);
  REQUIRE(::chmod(places.file.c_str(), 0664) == 0);
  CHECK_THAT(look().message, Contains("others than root can write it"));
  install(job);
  test::write_text(places.pid_file, "no number\n");
  CHECK_THAT(look().message, Contains("cron does not seem to run"));
}

}  // namespace bkp::check
