// Loading a dump while it is being decompressed: what a restore must not get wrong by it.
#include "recover/dump_restore.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "dumps.hpp"
#include "support/error_of.hpp"
#include "support/site.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

recover::DumpRestoreOptions with_jobs(int jobs) {
  recover::DumpRestoreOptions options;
  options.jobs = jobs;
  return options;
}

/// Restores into a new database; its name.
std::string restore(RestoreBench& bench, const backup::Source& source, int jobs = 2) {
  const auto name = fresh_database();
  auto dump = open_dump(bench, source);
  recover::restore_dump(bench.context, dump, conninfo(name), 150000, with_jobs(jobs));
  return name;
}

}  // namespace

TEST_CASE("tables of all sizes come back over any number of sessions, with what hangs on them") {
  const auto jobs = GENERATE(1, 3, 16);
  RestoreBench bench;
  const auto database = fresh_database();
  std::string sql =
      "create table root (id int primary key, what text) partition by range (id);"
      "create table root_1 partition of root for values from (0) to (1000);"
      "create table root_2 partition of root for values from (1000) to (100000);"
      "insert into root select i, repeat(md5(i::text), i % 9) from generate_series(0, 20000) i;"
      "create table no_columns (); insert into no_columns default values;"
      "create table xml_data (x xml); insert into xml_data values ('two <b>roots</b>');"
      "create table computed (a int, b int generated always as (a * 2) stored);"
      "insert into computed values (21);"
      "select lo_from_bytea(4242, 'large');";
  for (int i = 0; i < 30; ++i) {
    const auto name = "t" + std::to_string(i);
    sql += "create table " + name + " (id int primary key, root int references root);" +
           "insert into " + name + " select i, i from generate_series(0, " + std::to_string(i) +
           ") i;";
  }
  cluster().psql(database, sql);
  const auto restored = restore(bench, bench.back_up(database), jobs);
  CHECK(database_digest(cluster(), restored) == database_digest(cluster(), database));
}

TEST_CASE("an owner who may not write into his own table gets his rows back") {
  RestoreBench bench;
  const auto database = fresh_database();
  cluster().psql(database,
                 "do $$ begin create role keeper login; exception when duplicate_object then null; "
                 "end $$; grant create on schema public to keeper; set role keeper;"
                 "create table sealed (a int); insert into sealed values (1);"
                 "revoke all on sealed from keeper");
  auto source = bench.back_up(database);
  const auto name = fresh_database();
  cluster().psql(name, "alter schema public owner to keeper");
  const auto as_keeper = conninfo(name).with("user", "keeper");
  auto dump = open_dump(bench, source);
  // Only what is his: the rest of the dump belongs to others.
  recover::DumpRestoreOptions options;
  for (const auto& entry : dump.entries())
    if (entry.owner == "keeper") options.only.push_back(entry.dump_id);
  recover::restore_dump(bench.context, dump, as_keeper, 150000, options);
  CHECK(cluster().psql(name, "select a from sealed") == "1");
  CHECK(cluster().psql(name, "select has_table_privilege('keeper', 'sealed', 'insert')") == "f");
}

TEST_CASE("rows that the server refuses: the table is named, and the rest is not waited for") {
  RestoreBench bench;
  const auto database = fresh_database();
  cluster().psql(database,
                 "create table other (a int); insert into other values (1);"
                 "create table picky (a text check (current_database() = '" +
                     database + "')); insert into picky values ('x')");
  const auto source = bench.back_up(database);
  const auto error = error_of<pg::DatabaseError>([&] { restore(bench, source); });
  CHECK(error.sqlstate() == "23514");
  CHECK_THAT(error.full_message(), Contains("public.picky") && Contains("check constraint") &&
                                       Contains("COPY picky, line 1"));
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("what the server says of itself stays what it is, with its own advice") {
  RestoreBench bench;
  const auto database = fresh_database();
  make_full_disk_elsewhere(cluster(), database);
  const auto source = bench.back_up(database);
  const auto error = error_of<pg::DatabaseError>([&] { restore(bench, source); });
  CHECK(error.of_server());
  CHECK_THAT(error.full_message(), Contains("public.big"));
  CHECK_THAT(error.hint(), Contains("disk is full"));
}

TEST_CASE("a byte that differs in the store is noticed before anything is made of the dump") {
  RestoreBench bench;
  const auto source = bench.back_up(fresh_database());
  std::fstream file{dump_path(bench, source), std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(20);
  file.put('?');
  file.close();
  const auto error = error_of([&] { open_dump(bench, source); });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK_THAT(error.full_message(), Contains("SHA-256"));
}

TEST_CASE("a dump that was stored cut off is damage, wherever the cut is") {
  RestoreBench bench;
  const auto database = fresh_database();
  cluster().psql(database,
                 "create table t as select i, repeat('x', 50) from "
                 "generate_series(1, 2000) i; create table u as select 1 a");
  auto source = bench.back_up(database);
  const auto archive = archive_of(source);
  for (const auto length :
       {std::size_t{3}, std::size_t{100}, archive.size() / 2, archive.size() - 1}) {
    CAPTURE(length, archive.size());
    replace_dump(bench, source, archive.substr(0, length));
    CHECK(error_of([&] { restore(bench, source); }).kind() == util::ErrorKind::damaged);
  }
  replace_dump(bench, source, archive);
  CHECK(database_digest(cluster(), restore(bench, source)) == database_digest(cluster(), database));
}
