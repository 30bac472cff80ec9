// A backup is restored and checked; what is not as it was dumped is found.
#include "verify/restore_check.hpp"

#include <catch2/catch.hpp>

#include "support/restore_bench.hpp"
#include "support/site.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

std::string studio() {
  const auto name = fresh_database();
  cluster().psql(name,
                 "create table scene (id serial primary key, title text not null, at timestamptz "
                 "default '2026-01-01 12:00+05', raw bytea default '\\x00ff');"
                 "create table shot (id int generated always as identity primary key,"
                 " scene int references scene, length interval default '1 day 02:03');"
                 "insert into scene (title) select 'scene ' || i from generate_series(1, 500) i;"
                 "insert into shot (scene) select i from generate_series(1, 500) i;"
                 "create index on shot (scene);"
                 "select lo_from_bytea(0, decode(repeat('ab', 1500000), 'hex'));"
                 "select lo_from_bytea(0, '')");
  return name;
}

/// All checks of a database that plays the restored one.
verify::Verification check(RestoreBench& bench, const backup::Source& source,
                           const std::string& database) {
  verify::Verification result;
  verify::check_data(bench.context, conninfo(database), source.manifest(), 1.0, 3, result);
  verify::check_structure(bench.context, conninfo(database), source.manifest(), {}, 3, result);
  return result;
}

verify::Verification verified(RestoreBench& bench, const backup::Source& source, int jobs = 2) {
  verify::Verification result;
  result.label = source.manifest().label;
  verify::verify_restore(bench.context, source, jobs, result);
  return result;
}

std::string all_errors(const verify::Verification& result) {
  std::string text;
  for (const auto& error : result.errors()) text += error + "\n";
  return text;
}

const verify::Check& find(const verify::Verification& result, const std::string& kind,
                          const std::string& name) {
  for (const auto& one : result.checks) {
    if (one.kind == kind && one.name == name) return one;
  }
  throw std::runtime_error{"no check " + kind + " " + name};
}

}  // namespace

TEST_CASE("a good backup passes every check and leaves nothing behind") {
  RestoreBench bench;
  const auto database = studio();
  bench.config.verify.assertions = {
      {"there are scenes", database, "select count(*) from scene", ">= 500", 0},
      {"of another database", "elsewhere", "select 1/0", "true", 0}};
  const auto source = bench.back_up(database);
  const auto result = verified(bench, source);
  INFO(all_errors(result));
  CHECK(result.success());
  CHECK(result.rows_checked == 1000);
  CHECK(result.rows_total == 1000);
  CHECK(result.restore_seconds > 0);
  CHECK(find(result, "rows", "public.scene").outcome == verify::Outcome::passed);
  CHECK(find(result, "large_objects", "large objects").outcome == verify::Outcome::passed);
  CHECK(find(result, "foreign_key", "public.shot shot_scene_fkey").outcome ==
        verify::Outcome::passed);
  CHECK(find(result, "sequence", "public.shot_id_seq").outcome == verify::Outcome::passed);
  CHECK(find(result, "assertion", "there are scenes").outcome == verify::Outcome::passed);
  CHECK(result.notes.empty());
  CHECK(cluster().psql("postgres",
                       "select count(*) from pg_database where datname like "
                       "'bkp_verify%'") == "0");
}

TEST_CASE("the database itself compares equal, and each damage is found") {
  RestoreBench bench;
  const auto database = studio();
  const auto source = bench.back_up(database);
  REQUIRE(all_errors(check(bench, source, database)).empty());

  SECTION("a row is missing") {
    cluster().psql(database, "delete from shot where id = 250");
    CHECK_THAT(all_errors(check(bench, source, database)),
               Contains("public.shot") && Contains("499 rows were restored, the dump has 500"));
  }
  SECTION("a row is changed") {
    cluster().psql(database, "update scene set title = 'scene x' where id = 250");
    CHECK_THAT(all_errors(check(bench, source, database)),
               Contains("public.scene") && Contains("are not the ones of the dump"));
  }
  SECTION("a table is missing") {
    cluster().psql(database, "drop table shot");
    CHECK_THAT(all_errors(check(bench, source, database)), Contains("public.shot"));
  }
  SECTION("a large object is changed beyond its first piece") {
    cluster().psql(database,
                   "select lo_put(oid, 1200000, '\\x00') from pg_largeobject_metadata where "
                   "length(lo_get(oid)) > 0");
    CHECK_THAT(all_errors(check(bench, source, database)),
               Contains("the objects are not the ones of the dump"));
  }
  SECTION("a large object is missing") {
    cluster().psql(database, "select lo_unlink(max(oid)) from pg_largeobject_metadata");
    CHECK_THAT(all_errors(check(bench, source, database)), Contains("large_objects"));
  }
  SECTION("a foreign key has a row without a partner") {
    cluster().psql(database,
                   "set session_replication_role = replica; delete from scene where id = 7");
    CHECK_THAT(all_errors(check(bench, source, database)),
               Contains("shot_scene_fkey") && Contains("1 rows have no partner"));
  }
  SECTION("a sequence is behind") {
    cluster().psql(database, "select setval('scene_id_seq', 499)");
    CHECK_THAT(all_errors(check(bench, source, database)),
               Contains("scene_id_seq") && Contains("its next value is 500"));
  }
  SECTION("a sequence not called yet stands at the maximum") {
    cluster().psql(database, "select setval('shot_id_seq', 500, false)");
    CHECK_THAT(all_errors(check(bench, source, database)), Contains("shot_id_seq"));
  }
  SECTION("an index is not valid") {
    cluster().psql(database,
                   "update pg_index set indisvalid = false where indexrelid = "
                   "'shot_scene_idx'::regclass");
    CHECK_THAT(all_errors(check(bench, source, database)),
               Contains("shot_scene_idx") && Contains("not valid"));
  }
  SECTION("an assertion does not hold") {
    bench.config.verify.assertions = {{"many", database, "select count(*) from shot", "> 500", 0},
                                      {"broken", database, "select nothing", "true", 0},
                                      {"null", database, "select null", "true", 0},
                                      {"writes", database, "delete from shot returning 1", "1", 0}};
    const auto errors = all_errors(check(bench, source, database));
    CHECK_THAT(errors, Contains("\"many\"") && Contains("\"500\""));
    CHECK_THAT(errors, Contains("\"broken\"") && Contains("nothing"));
    CHECK_THAT(errors, Contains("\"null\"") && Contains("NULL"));
    CHECK_THAT(errors, Contains("\"writes\"") && Contains("read-only"));
    CHECK(cluster().psql(database, "select count(*) from shot") == "500");
  }
}

TEST_CASE("settings of the original that change how values look do no harm") {
  RestoreBench bench;
  const auto database = studio();
  cluster().psql(database, "alter database " + database +
                               " set timezone = 'Asia/Kolkata';"
                               "alter database " +
                               database +
                               " set bytea_output = 'escape';"
                               "alter database " +
                               database +
                               " set default_transaction_read_only = on;"
                               "alter database " +
                               database + " set search_path = 'elsewhere', public");
  bench.config.verify.assertions = {{"path", database, "show search_path", "elsewhere, public", 0}};
  const auto source = bench.back_up(database);
  const auto result = verified(bench, source);
  INFO(all_errors(result));
  CHECK(result.success());
}

TEST_CASE("a dump that does not restore is a failed verification, and the database is dropped") {
  RestoreBench bench;
  const auto database = fresh_database();
  // A check constraint over another table: the order of a single pg_restore cannot satisfy it.
  cluster().psql(database,
                 "create table zz (id int); insert into zz values (1);"
                 "create function some_zz() returns bool language sql as "
                 "'select exists (select from public.zz)';"
                 "create table aa (id int check (some_zz())); insert into aa values (1)");
  const auto source = bench.back_up(database);
  const auto result = verified(bench, source, 1);
  CHECK_FALSE(result.success());
  CHECK_THAT(all_errors(result), Contains("COPY aa, line 1") && Contains("public.aa") &&
                                     Contains("aa_check") && !Contains("pg_restore"));
  CHECK(cluster().psql("postgres",
                       "select count(*) from pg_database where datname like "
                       "'bkp_verify%'") == "0");
}

TEST_CASE("a damaged part is a failed verification") {
  RestoreBench bench;
  const auto source = bench.back_up(studio());
  const auto* part = source.manifest().part("dump");
  const auto file =
      bench.directory / "store" / "studio" / "backups" / source.manifest().label / part->name;
  auto bytes = read_text(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_text(file, bytes);
  const auto result = verified(bench, source);
  CHECK_FALSE(result.success());
  CHECK_THAT(all_errors(result), Contains("dump"));
}

TEST_CASE("without a fingerprint there is less to check, and the coverage says so") {
  RestoreBench bench;
  bench.config.full.fingerprint = config::FingerprintMode::none;
  const auto source = bench.back_up(studio());
  const auto result = verified(bench, source);
  CHECK(result.success());
  CHECK_THAT(result.fingerprint, Contains("none"));
  CHECK(result.rows_checked == 0);
  REQUIRE(result.notes.size() == 1);
  CHECK_THAT(result.notes[0], Contains("no fingerprint"));
}

TEST_CASE("a sample is what the configuration says, and is stated") {
  RestoreBench bench;
  bench.config.verify.sample = 0.5;
  const auto source = bench.back_up(studio());
  const auto result = verified(bench, source);
  CHECK(result.success());
  CHECK(result.rows_checked == 500);
  CHECK(result.rows_total == 1000);
  REQUIRE(result.notes.size() == 1);
  CHECK_THAT(result.notes[0], Contains("1 of 2 tables"));
}

TEST_CASE("a database that cannot fit is refused, not called bad") {
  RestoreBench bench;
  auto source = bench.back_up(studio());
  source.backup.manifest.database.size_bytes = std::int64_t{1} << 60;
  verify::Verification result;
  CHECK_THROWS_WITH(verify::verify_restore(bench.context, source, 2, result), Contains("free"));
  CHECK(result.checks.empty());
}

TEST_CASE("a role with few rights verifies what it may, and says what it left out") {
  RestoreBench bench;
  const auto database = studio();
  cluster().psql("postgres",
                 "do $$ begin create role weak_verifier login createdb in role pg_read_all_data; "
                 "exception when duplicate_object then null; end $$");
  // pg_read_all_data does not cover large objects.
  cluster().psql(database,
                 "alter role weak_verifier set statement_timeout = '1min';"
                 "alter database " +
                     database +
                     " set log_statement = 'all';"
                     "select lo_unlink(oid) from pg_largeobject_metadata");
  bench.config.cluster.conninfo += " user=weak_verifier";
  const auto source = bench.back_up(database);
  const auto result = verified(bench, source);
  INFO(all_errors(result));
  CHECK(result.success());
  CHECK(result.rows_checked == 1000);
  REQUIRE(result.notes.size() == 2);
  CHECK_THAT(result.notes[0], Contains("log_statement"));
  CHECK_THAT(result.notes[1], Contains("superuser"));
}

TEST_CASE("a full server is an error, not a verdict, in the loading and in the checks") {
  RestoreBench bench;
  const auto database = studio();
  SECTION("in the loading") {
    make_full_disk_elsewhere(cluster(), database);
  }
  SECTION("in a check") {
    cluster().psql(database,
                   "create function full_disk() returns int language plpgsql as "
                   "$$begin raise exception 'could not write' using errcode = '53100'; end$$");
    bench.config.verify.assertions = {{"sorts", database, "select full_disk()", "1", 0}};
  }
  const auto source = bench.back_up(database);
  verify::Verification result;
  result.label = source.manifest().label;
  CHECK_THROWS_AS(verify::verify_restore(bench.context, source, 2, result), pg::DatabaseError);
  INFO(all_errors(result));
  CHECK(result.passed() == result.total());
}

TEST_CASE("a lost server is an error, not a verdict") {
  RestoreBench bench;
  const auto source = bench.back_up(studio());
  bench.config.cluster.conninfo = "host=/nonexistent user=postgres";
  verify::Verification result;
  CHECK_THROWS_AS(verify::verify_restore(bench.context, source, 2, result), pg::DatabaseError);
}
