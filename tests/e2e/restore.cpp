// `bkp restore` as it is typed on a bad day.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <regex>

#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site with a backed-up database x121, of which a table was then dropped by mistake.
struct Studio : Site {
  explicit Studio(const std::string& yaml = {}) : Site{yaml} {
    must({"init"});
    cluster().create_database("x121");
    cluster().psql("x121",
                   "create table segments (id serial primary key, title text);"
                   "insert into segments (title) select 't' || i from generate_series(1, 5000) i");
    before = database_digest(cluster(), "x121");
    must({"full", "--db", "x121"});
    cluster().psql("x121", "drop table segments");
    after = database_digest(cluster(), "x121");
  }
  std::string databases() {
    return cluster().psql("postgres",
                          "select string_agg(datname, ' ' order by datname) from "
                          "pg_database where not datistemplate");
  }
  std::string audited(const std::string& action) {
    return cluster().psql("bkp",
                          "select count(*) || ' ' || coalesce(max(confirmation), '') from "
                          "bkp.audit_log where action = " +
                              sql_literal(action));
  }
  std::string before;
  std::string after;
};

/// What \l+ and \drds of psql show of a database.
std::string facts(const Cluster& cluster, const std::string& database) {
  return cluster.psql(
      "postgres",
      "select pg_get_userbyid(datdba), datconnlimit, datistemplate, array(select a::text from "
      "unnest(datacl) a order by 1), shobj_description(d.oid, 'pg_database'), "
      "array(select setrole::regrole || ' ' || setconfig::text from pg_db_role_setting where "
      "setdatabase = d.oid order by 1) from pg_database d where datname = " +
          sql_literal(database));
}

constexpr auto hostile_name = "it's \"the\" $$studio$$; \u00e9 database x --";

/// A database with everything that belongs to a database and not to its content, backed up.
struct Closed : Site {
  explicit Closed(const std::string& database) : name{database} {
    must({"init"});
    cluster().psql("postgres",
                   "create role \"own'er\"; create role app login; create role second login");
    cluster().create_database(name);
    const auto quoted = sql_identifier(name);
    const auto alter = "alter database " + quoted;
    cluster().psql(
        name,
        "create table t as select generate_series(1, 10) i;" + alter + " owner to \"own'er\";" +
            alter + " set search_path = art, \"odd, \"\"one\"\"\", public;" + alter +
            " set \"my.level\" = 'x''; drop database postgres; \u00e9';" + alter +
            " set default_transaction_read_only = on; alter role app in database " + quoted +
            " set work_mem = '5MB';" + alter + " connection limit 7; comment on database " +
            quoted + " is E'it''s\\nclosed \\\\ to $$all$$; \u00e9'; revoke all on database " +
            quoted + " from public; grant connect, create on database " + quoted +
            " to app with grant option; set role app; grant connect on database " + quoted +
            " to second; reset role;");
    before = facts(cluster(), name);
    must({"full", "--db", name});
  }
  void lose() { cluster().psql("postgres", "drop database " + sql_identifier(name)); }
  std::string name;
  std::string before;
};

}  // namespace

TEST_CASE("a database that is gone comes back with its own privileges, settings and comment") {
  const std::string name = GENERATE(as<std::string>{}, "closed", hostile_name);
  const bool swap = GENERATE(false, true);
  Closed site{name};
  site.lose();
  std::vector<std::string> arguments{"restore", "latest", "--db", name};
  if (swap) arguments.emplace_back("--swap");
  if (!swap) arguments.insert(arguments.end(), {"--into", name});
  const auto json = site.json(arguments);
  INFO(json.dump(1));
  CHECK(json.at("status") == "ok");
  CHECK(json.at("warnings").empty());
  CHECK(facts(site.cluster(), name) == site.before);
  CHECK(site.cluster().psql(name, "select sum(i) from public.t") == "55");
}

TEST_CASE("beside and by a swap too, what the backup holds wins over what stands there now") {
  Closed site{"closed"};
  site.cluster().psql("postgres",
                      "grant connect on database closed to public; alter database closed "
                      "connection limit 3; alter database closed set search_path = other; comment "
                      "on database closed is 'changed'; alter database closed set timezone = "
                      "'Asia/Kolkata'");
  site.must({"restore", "latest", "--db", "closed", "--into", "again"});
  site.must({"restore", "latest", "--db", "closed", "--swap", "--yes", "closed"});
  for (const std::string name : {"again", "closed"}) {
    INFO(name);
    // Of what the backup does not hold, the one that was there tells.
    CHECK(site.cluster().psql(name, "show timezone") == "Asia/Kolkata");
    site.cluster().psql("postgres", "alter database " + name + " reset timezone");
    CHECK(facts(site.cluster(), name) == site.before);
  }
}

TEST_CASE("what cannot be applied to the database is named, and its rows are there") {
  Closed site{"closed"};
  site.lose();
  SECTION("a role is missing that only has a setting") {
    site.cluster().psql("postgres", "drop role app");
    site.cluster().psql("postgres", "drop role second");
    const auto json =
        site.json({"restore", "latest", "--db", "closed", "--into", "closed", "--no-owner"});
    INFO(json.dump(1));
    CHECK(json.at("status") == "ok");
    const auto warnings = json.at("warnings").dump();
    CHECK_THAT(warnings, Contains("ALTER ROLE app IN DATABASE") && Contains("does not exist") &&
                             Contains("--no-owner"));
    CHECK_THAT(warnings, !Contains("5MB"));
    CHECK(site.cluster().psql("postgres",
                              "select datacl::text not like '%{=%' and "
                              "datacl::text not like '%,=%' from pg_database where "
                              "datname = 'closed'") == "t");
  }
  SECTION("the role that restores may not") {
    site.cluster().psql("postgres",
                        "create role weak login createdb; grant pg_read_all_data to weak");
    site.write_config(
        std::regex_replace(site.base_config(), std::regex{"user=postgres"}, "user=weak"));
    const auto refused = site.run({"restore", "latest", "--db", "closed", "--into", "closed"});
    CAPTURE(refused);
    CHECK(refused.exit_code == 11);
    CHECK_THAT(refused.err, Contains("\"weak\" is neither a superuser nor a member") &&
                                Contains("\"postgres\"") && Contains("--no-owner"));
    CHECK_FALSE(site.cluster().has_database("closed"));
    const auto done =
        site.run({"restore", "latest", "--db", "closed", "--into", "closed", "--no-owner"});
    CAPTURE(done);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.err, Contains("ALTER ROLE app IN DATABASE \"closed\" SET work_mem"));
    CHECK(site.cluster().psql("closed", "select sum(i) from public.t") == "55");
  }
}

TEST_CASE("beside: the plan is shown, the data is back, the old database untouched") {
  Studio studio;
  const auto outcome = studio.run({"restore", "latest", "--db", "x121", "--into", "again"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, Contains("never verified: a hope") && Contains("nothing: what exists") &&
                              Contains("restored into \"again\""));
  CHECK(database_digest(studio.cluster(), "again") == studio.before);
  CHECK(database_digest(studio.cluster(), "x121") == studio.after);
  CHECK(studio.audited("restore") == "1 ");
}

TEST_CASE("swap: refused without the name, done with it, connections ended") {
  Studio studio;
  const auto databases = studio.databases();
  for (const auto& extra :
       {std::vector<std::string>{}, std::vector<std::string>{"--yes", "x1211"}}) {
    std::vector<std::string> arguments{"restore", "latest", "--db", "x121", "--swap"};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    const auto outcome = studio.run(arguments);
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 11);
    CHECK_THAT(outcome.err, Contains("--yes x121"));
  }
  CHECK(studio.databases() == databases);
  CHECK(studio.audited("restore.refused") == "2 ");

  auto client = studio.cluster().start_psql("x121", "select pg_sleep(600)");
  REQUIRE(wait_until([&] {
    return studio.cluster().psql("postgres",
                                 "select count(*) from pg_stat_activity where datname "
                                 "= 'x121' and wait_event = 'PgSleep'") == "1";
  }));
  const auto json = studio.json({"restore", "latest", "--db", "x121", "--swap", "--yes", "x121"});
  INFO(json.dump(1));
  CHECK(json.at("status") == "ok");
  CHECK(json["result"]["plan"]["connections"] == 1);
  CHECK(database_digest(studio.cluster(), "x121") == studio.before);
  CHECK(database_digest(studio.cluster(), json["result"]["kept_as"]) == studio.after);
  CHECK(studio.audited("restore") == "1 --yes x121");
  CHECK_FALSE(client.wait().succeeded());
}

TEST_CASE("swap: the name is typed at a terminal") {
  Studio studio;
  auto program =
      studio.bkp().command({"restore", "latest", "--db", "x121", "--swap"}).on_terminal().start();
  REQUIRE(wait_until([&] { return Contains("Type \"x121\"").match(program.out_so_far()); }));
  program.type("x121\n");
  const auto outcome = program.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK(database_digest(studio.cluster(), "x121") == studio.before);
  CHECK(studio.audited("restore") == "1 typed x121");
}

TEST_CASE("a swap of what could not be compared says so") {
  Studio studio{"full: {fingerprint: none}\n"};
  const auto outcome = studio.run({"restore", "latest", "--db", "x121", "--swap", "--yes", "x121"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("before the swap rows were not compared"));
}

TEST_CASE("a dry run proves the backup and changes nothing") {
  Studio studio;
  const auto databases = studio.databases();
  const auto outcome = studio.run({"restore", "latest", "--db", "x121", "--swap", "--dry-run"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, Contains("nothing was changed") && Contains("will not be in it"));
  CHECK(studio.databases() == databases);
}

TEST_CASE("with a store alone: no configuration, no catalog, another server") {
  Studio studio;
  Cluster other;
  const auto run = [&](const std::vector<std::string>& extra) {
    InstalledBkp bkp;
    bkp.with_variable("PGHOST", other.socket_directory().string())
        .with_variable("PGPORT", std::to_string(other.port()))
        .with_variable("PGUSER", "postgres")
        .with_variable("TMPDIR", studio.directory().string());
    std::vector<std::string> arguments{"restore", "latest", "--db", "x121"};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    return bkp.run(arguments);
  };
  const auto url = "file://" + studio.store().string();
  const auto done = run({"--store", url, "--site", "studio", "--swap"});
  CAPTURE(done);
  CHECK(done.exit_code == 0);
  CHECK(database_digest(other, "x121") == studio.before);

  CHECK(run({"--store", url}).exit_code == 2);
  CHECK(run({"--store", url, "--site", "nobody", "--into", "b"}).exit_code == 10);
  CHECK(run({"--store", url + "x", "--site", "studio", "--into", "b"}).exit_code == 6);
  CHECK(run({"--into", "b"}).exit_code == 4);
}

TEST_CASE("with the catalog lost, the stores tell") {
  Studio studio;
  studio.cluster().psql("postgres", "drop database bkp");
  const auto outcome = studio.run({"restore", "latest", "--db", "x121", "--into", "again"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK(database_digest(studio.cluster(), "again") == studio.before);
}

TEST_CASE("a damaged copy is left for the one on the next store") {
  Site site;
  site.add_store("second");
  site.must({"init"});
  site.cluster().create_database("x121");
  site.cluster().psql("x121", "create table t as select generate_series(1, 1000) i");
  const auto file = site.store() / "studio/backups" / site.back_up("x121") / "dump.pgc.zst";
  write_text(file, read_text(file) + "x");

  const auto json = site.json({"restore", "latest", "--db", "x121", "--into", "again"});
  INFO(json.dump(1));
  CHECK(json.at("status") == "ok");
  CHECK(json["result"]["store"] == "second");
  CHECK_THAT(json.at("warnings").dump(), Contains("dump.pgc.zst"));
  CHECK(site.cluster().psql("again", "select sum(i) from t") == "500500");

  const auto only =
      site.run({"restore", "latest", "--db", "x121", "--into", "b", "--store", "local"});
  CAPTURE(only);
  CHECK(only.exit_code == 8);
}

TEST_CASE("what there is not is exit 10, what is taken is exit 11") {
  Studio studio;
  const auto exit_code = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "restore");
    const auto outcome = studio.run(arguments);
    UNSCOPED_INFO(outcome);
    return outcome.exit_code;
  };
  CHECK(exit_code({"latest", "--db", "x122"}) == 10);
  CHECK(exit_code({"nosuch", "--db", "x121"}) == 10);
  CHECK(exit_code({"latest~1", "--db", "x121"}) == 10);
  CHECK(exit_code({"latest", "--db", "x121", "--table", "nosuch"}) == 10);
  CHECK(exit_code({"latest", "--db", "x121", "--store", "nosuch"}) == 10);
  CHECK(exit_code({"latest", "--db", "x121", "--into", "x121"}) == 11);
  CHECK(exit_code({"latest", "--db", "x121", "--swap", "--table", "segments"}) == 2);
  CHECK(studio.audited("restore") == "0 ");
}

TEST_CASE("a restore that is ended drops what it made") {
  Studio studio;
  hold_restores_of(studio.cluster(), "x121");
  studio.must({"full", "--db", "x121"});
  const auto databases = studio.databases();
  auto program = studio.bkp()
                     .command({"restore", "latest", "--db", "x121", "--swap", "--yes", "x121"})
                     .start();
  REQUIRE(wait_until([&] { return studio.databases() != databases; }));
  program.signal(SIGINT);
  const auto outcome = program.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 128 + SIGINT);
  CHECK(studio.databases() == databases);
  CHECK(studio.audited("restore.failed").starts_with("1 "));
}
