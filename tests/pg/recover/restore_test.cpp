// Restores into a real server: whole, in part, with roles, and what is left when they fail.
#include "recover/restore.hpp"

#include <catch2/catch.hpp>

#include "recover/database_settings.hpp"
#include "recover/unfinished.hpp"
#include "support/error_of.hpp"
#include "support/restore_bench.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

std::string studio() {
  const auto name = fresh_database();
  cluster().psql(name,
                 "create schema art; create type art.state as enum ('draft', 'final');"
                 "create table art.scene (id serial primary key, state art.state);"
                 "create table art.shot (id int primary key, scene int references art.scene);"
                 "create table other (id int); create index on art.shot (scene);"
                 "insert into art.scene (state) select 'final' from generate_series(1, 100);"
                 "insert into art.shot select i, i from generate_series(1, 100) i;"
                 "insert into other values (1)");
  return name;
}

recover::RestoreRequest request_for(const std::string& database) {
  recover::RestoreRequest request;
  request.database = database;
  request.jobs = 2;
  return request;
}

struct Restored {
  recover::RestorePlan plan;
  recover::ReadyRestore ready;
  recover::RestoreOutcome outcome;
};

Restored restore(
    RestoreBench& bench, const backup::Source& source, const recover::RestoreRequest& request,
    const std::function<void(const pg::Conninfo&)>& check = [](const auto&) {}) {
  auto maintenance = pg::Connection::open(bench.context.cluster(), bench.outside.interrupt);
  Restored result;
  const auto record =
      backup::to_record(source.backup, source.layout, "local", source.store.store->url());
  result.plan = recover::make_plan(bench.context, maintenance, record, source, request);
  recover::require_possible(maintenance, result.plan);
  result.ready = recover::get_ready(bench.context, maintenance, source, request);
  recover::settle_roles(bench.context, maintenance, result.ready, request);
  result.outcome = recover::carry_out(bench.context, bench.context.cluster(), source, result.ready,
                                      result.plan, check);
  return result;
}

std::string databases_like(const std::string& pattern) {
  return cluster().psql(
      "postgres", "select count(*) from pg_database where datname like " + sql_literal(pattern));
}

}  // namespace

TEST_CASE("a restore makes a new database beside the old one") {
  RestoreBench bench;
  const auto database = studio();
  cluster().psql(database, "alter database " + database + " set timezone = 'Asia/Kolkata';" +
                               "revoke connect on database " + database + " from public");
  const auto source = bench.back_up(database);
  cluster().psql(database, "drop table art.shot");
  const auto done = restore(bench, source, request_for(database));
  CHECK_THAT(done.outcome.database, Catch::Matchers::StartsWith(database + "_restored_"));
  const auto& restored = done.outcome.database;
  CHECK(cluster().psql(restored, "select count(*) from art.shot") == "100");
  CHECK(cluster().psql(restored, "show timezone") == "Asia/Kolkata");
  CHECK(cluster().psql("postgres", "select has_database_privilege('public', '" + restored +
                                       "', 'CONNECT')") == "f");
  CHECK(cluster().psql(restored,
                       "select count(*) > 0 from pg_statistic where starelid = "
                       "'art.shot'::regclass") == "t");
  CHECK_THAT(cluster().psql("postgres",
                            "select shobj_description(oid, 'pg_database') from "
                            "pg_database where datname = '" +
                                restored + "'"),
             Contains("restored from " + source.manifest().label));
  CHECK(cluster().psql(database, "select to_regclass('art.shot') is null") == "t");
  CHECK_FALSE(done.plan.replaces());
  CHECK(done.plan.free_bytes);
}

TEST_CASE("a name that is taken is refused before anything happens") {
  RestoreBench bench;
  const auto database = studio();
  const auto source = bench.back_up(database);
  auto request = request_for(database);
  request.into = fresh_database();
  CHECK(error_of([&] { restore(bench, source, request); }).kind() == util::ErrorKind::refused);
}

TEST_CASE("a table comes with its type, schema, sequence and keys, and nothing else") {
  RestoreBench bench;
  const auto database = studio();
  const auto source = bench.back_up(database);
  auto request = request_for(database);
  request.tables = {"art.scene"};
  request.into = database + "_part";
  const auto done = restore(bench, source, request);
  CHECK(cluster().psql(request.into, "select count(*) from art.scene") == "100");
  CHECK(cluster().psql(request.into,
                       "insert into art.scene (state) values ('draft') returning "
                       "id") == "101");
  CHECK(cluster().psql(request.into,
                       "select to_regclass('art.shot') is null and "
                       "to_regclass('other') is null") == "t");
}

TEST_CASE("a schema comes whole") {
  RestoreBench bench;
  const auto database = studio();
  const auto source = bench.back_up(database);
  auto request = request_for(database);
  request.schemas = {"art"};
  request.into = database + "_part";
  restore(bench, source, request);
  CHECK(cluster().psql(request.into, "select count(*) from art.shot") == "100");
  CHECK(cluster().psql(request.into, "select count(*) from pg_constraint where contype = 'f'") ==
        "1");
  CHECK(cluster().psql(request.into, "select to_regclass('other') is null") == "t");
}

TEST_CASE("a part whose rows or defaults name what was not chosen says so") {
  RestoreBench bench;
  const auto database = fresh_database();
  cluster().psql(database,
                 "create table other (id int); create sequence numbers;"
                 "create table named (\"the class\" regclass, kinds regtype[], note text);"
                 "insert into named values ('other', '{int}', 'x');"
                 "create table numbered (id int default nextval('numbers'::text), sure int "
                 "default nextval('numbers'));"
                 "insert into numbered values (default, default)");
  const auto source = bench.back_up(database);
  auto request = request_for(database);
  request.into = database + "_part";
  request.jobs = 1;
  SECTION("its rows cannot be loaded alone, and can with what they name") {
    request.tables = {"named"};
    const auto error = error_of([&] { restore(bench, source, request); });
    CHECK(error.kind() == util::ErrorKind::database);
    CHECK_THAT(error.hint(), Contains("\"public.named\": the rows of column \"the class\" name "
                                      "objects (regclass)") &&
                                 Contains("column \"kinds\"") && Contains("--table"));
    CHECK_FALSE(cluster().has_database(request.into));
    request.tables = {"named", "other"};
    CHECK(restore(bench, source, request).ready.loose_references.size() == 2);
  }
  SECTION("its default is told of before it is missed") {
    request.tables = {"numbered"};
    const auto done = restore(bench, source, request);
    CHECK(done.ready.loose_references ==
          std::vector<std::string>{
              "\"public.numbered\": a default takes numbers from the sequence 'numbers'"});
    CHECK(cluster().psql(request.into, "insert into numbered (id) values (0) returning sure") ==
          "3");
  }
}

TEST_CASE("every table of a difficult database can be restored alone") {
  RestoreBench bench;
  cluster().create_database("nasty parts");
  cluster().load_file("nasty parts", std::filesystem::path{BKP_TEST_DATA} / "nasty.sql");
  const auto source = bench.back_up("nasty parts");
  int tried = 0;
  for (const auto& table : source.manifest().fingerprint->tables) {
    const auto name = table.schema + "." + table.table;
    // Its rows hold a regclass, which the table of contents does not know of.
    if (name == "studio.session_sensitive") continue;
    INFO(name);
    auto request = request_for("nasty parts");
    request.tables = {name};
    request.into = "one table";
    request.jobs = 1;
    const auto done = restore(bench, source, request);
    CHECK(std::count(done.ready.selection.tables.begin(), done.ready.selection.tables.end(),
                     name) >= 1);
    cluster().psql("postgres", "drop database \"one table\"");
    ++tried;
  }
  CHECK(tried > 10);
}

TEST_CASE("roles that are missing are refused, offered, created from the globals") {
  RestoreBench bench;
  const auto database = studio();
  cluster().psql(database,
                 "create role group_kept; create role \"gone 'role'\" login password 'secret' in "
                 "role group_kept; alter role \"gone 'role'\" set work_mem = '7MB';"
                 "alter table other owner to \"gone 'role'\"; grant select on art.scene to "
                 "\"gone 'role'\"");
  const auto source = bench.back_up(database);
  cluster().psql(database, "drop owned by \"gone 'role'\"; drop role \"gone 'role'\"");
  auto request = request_for(database);

  SECTION("refused without a word, and on no") {
    CHECK(error_of([&] { restore(bench, source, request); }).kind() == util::ErrorKind::refused);
    CHECK_THAT(bench.outside.terminal.shown, Contains("\"gone 'role'\""));
    bench.outside.terminal.answer = "n";
    CHECK(error_of([&] { restore(bench, source, request); }).kind() == util::ErrorKind::refused);
    CHECK(cluster().psql("postgres", "select count(*) from pg_roles where rolname like 'gone%'") ==
          "0");
    CHECK(databases_like(database + "\\_restored%") == "0");
  }
  SECTION("created when the answer is yes") {
    bench.outside.terminal.answer = "y";
    const auto done = restore(bench, source, request);
    CHECK(cluster().psql(done.outcome.database,
                         "select tableowner from pg_tables where tablename "
                         "= 'other'") == "gone 'role'");
    CHECK(cluster().psql("postgres",
                         "select rolpassword like 'SCRAM%' and rolcanlogin and "
                         "pg_has_role(oid, 'group_kept', 'member') from pg_authid where rolname "
                         "like 'gone%'") == "t");
  }
  SECTION("created with --with-globals") {
    request.with_globals = true;
    const auto done = restore(bench, source, request);
    CHECK(bench.outside.terminal.asked.empty());
    CHECK(cluster().psql(done.outcome.database, "select count(*) from other") == "1");
  }
  SECTION("not needed without owners") {
    request.no_owner = true;
    const auto done = restore(bench, source, request);
    CHECK(cluster().psql(done.outcome.database,
                         "select tableowner from pg_tables where tablename "
                         "= 'other'") == "postgres");
  }
  for (const auto& name : {std::string{"gone 'role'"}, std::string{"group_kept"}}) {
    const auto owned =
        cluster().psql("postgres", "select datname from pg_database where datname like " +
                                       sql_literal(database + "\\_restored%"));
    if (!owned.empty()) cluster().psql("postgres", "drop database " + sql_identifier(owned));
    cluster().psql("postgres", "drop role if exists " + sql_identifier(name));
  }
}

TEST_CASE("a restore that fails leaves no database behind") {
  RestoreBench bench;
  const auto database = fresh_database();
  cluster().psql(database,
                 "create table zz (id int); insert into zz values (1);"
                 "create function some_zz() returns bool language sql as "
                 "'select exists (select from public.zz)';"
                 "create table aa (id int check (some_zz())); insert into aa values (1)");
  const auto source = bench.back_up(database);
  auto request = request_for(database);
  request.swap = true;
  request.jobs = 1;
  CHECK(error_of([&] { restore(bench, source, request); }).kind() == util::ErrorKind::database);
  CHECK(databases_like(database + "%") == "1");
  CHECK(cluster().psql(database, "select count(*) from aa") == "1");
}

TEST_CASE("a swap whose check fails changes nothing") {
  RestoreBench bench;
  const auto database = studio();
  const auto source = bench.back_up(database);
  cluster().psql(database, "insert into other values (2)");
  auto request = request_for(database);
  request.swap = true;
  const auto error = error_of([&] {
    restore(bench, source, request, [](const pg::Conninfo&) {
      throw util::Error{util::ErrorKind::damaged, "not the same"};
    });
  });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK(databases_like(database + "%") == "1");
  CHECK(cluster().psql(database, "select count(*) from other") == "2");
}

TEST_CASE("a swap puts the restored database in the old one's place, with what it had") {
  RestoreBench bench;
  const auto database = studio();
  cluster().psql("postgres",
                 "do $$ begin create role swapper; exception when others then null; "
                 "end $$");
  const auto name = sql_identifier(database);
  cluster().psql(database, "alter database " + name + " owner to swapper; alter database " + name +
                               " set search_path = art, \"odd, one\", public; alter database " +
                               name + " connection limit 17; comment on database " + name +
                               " is 'it''s the studio'; revoke all on database " + name +
                               " from public; grant connect on database " + name +
                               " to pg_monitor with grant option; alter role swapper in database " +
                               name + " set work_mem = '9MB'");
  const auto describe = [&] {
    return cluster().psql(
        "postgres",
        "select pg_get_userbyid(datdba), datconnlimit, datacl, datallowconn, datistemplate, "
        "shobj_description(d.oid, 'pg_database'), (select string_agg(setrole::regrole || "
        "setconfig::text, ' ' order by setrole) from pg_db_role_setting where setdatabase = "
        "d.oid) from pg_database d where datname = " +
            sql_literal(database));
  };
  const auto before = describe();
  const auto source = bench.back_up(database);
  cluster().psql(database, "insert into other values (2)");
  auto request = request_for(database);
  request.swap = true;
  const auto done = restore(bench, source, request);
  CHECK(done.plan.replaces());
  CHECK(done.outcome.database == database);
  CHECK(cluster().psql(database, "select count(*) from other") == "1");
  CHECK(cluster().psql(done.outcome.kept_as, "select count(*) from other") == "2");
  CHECK(describe() == before);
}

TEST_CASE("a swap where the old database is gone takes its name") {
  RestoreBench bench;
  const auto database = studio();
  const auto source = bench.back_up(database);
  cluster().psql("postgres", "drop database " + sql_identifier(database));
  auto request = request_for(database);
  request.swap = true;
  const auto comment_of = [](const std::string& name) {
    return cluster().psql("postgres",
                          "select shobj_description(oid, 'pg_database') from pg_database where "
                          "datname = " +
                              sql_literal(name));
  };
  // What is killed while its rows are compared must be found by this comment.
  std::string comment_then;
  const auto done = restore(bench, source, request, [&](const pg::Conninfo& restored) {
    comment_then = comment_of(restored.get("dbname").value());
  });
  CHECK(comment_then == recover::unfinished_comment(source.manifest().label));
  CHECK(comment_of(database) == "restored from " + source.manifest().label);
  CHECK(done.outcome.database == database);
  CHECK(done.outcome.kept_as.empty());
  CHECK(cluster().psql(database, "select count(*) from other") == "1");
}

TEST_CASE("scratch space that does not suffice is refused with both figures") {
  RestoreBench bench;
  auto source = bench.back_up(studio());
  for (auto& part : source.backup.manifest.parts) part.original_bytes = 1ULL << 60U;
  const auto error = error_of([&] { const recover::DumpFile dump{bench.context, source}; });
  CHECK(error.kind() == util::ErrorKind::refused);
  CHECK_THAT(error.message(), Contains(" free, the dump as stored and decompressed needs 1.0 EiB"));
  CHECK_THAT(error.hint(), Contains("recover.scratch_directory"));
}
