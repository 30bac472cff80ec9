#include "catalog/migrate.hpp"

#include <future>

#include <catch2/catch.hpp>

#include "catalog/catalog.hpp"
#include "support/error_of.hpp"
#include "support/shared_cluster.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::cluster;
using test::conninfo;
using test::fresh_database;

namespace {

const util::Interrupt interrupt;

MigrationOutcome migrate_bkp(const pg::Conninfo& where, bool create_database = false,
                             bool dry_run = false) {
  return migrate(where, "bkp", create_database, dry_run, interrupt);
}

/// What psql answers when `role` (a superuser otherwise) runs the statement in schema bkp.
test::Outcome as_role(const std::string& database, const std::string& role,
                      const std::string& sql) {
  return cluster().try_psql(database, "set role " + role + "; set search_path = bkp; " + sql);
}

}  // namespace

TEST_CASE("the first migration makes everything, the next one nothing") {
  const auto database = fresh_database();
  const auto first = migrate_bkp(conninfo(database));
  CHECK(first.from_version == 0);
  CHECK(first.to_version == newest_version());
  CHECK(static_cast<int>(first.applied.size()) == newest_version());
  CHECK(first.notices.empty());
  CHECK_FALSE(first.database_created);
  const auto second = migrate_bkp(conninfo(database));
  CHECK(second.from_version == newest_version());
  CHECK(second.applied.empty());
  CHECK(
      cluster().psql(database, "select string_agg(name, ' ' order by id) from bkp.job_statuses") ==
      "pending running completed partial failed cancelled purged");
}

TEST_CASE("a dry run says what would be done and does nothing") {
  const auto where = conninfo("not_there_yet");
  const auto planned = migrate_bkp(where, true, true);
  CHECK(planned.database_created);
  CHECK(static_cast<int>(planned.applied.size()) == newest_version());
  CHECK_FALSE(cluster().has_database("not_there_yet"));

  const auto database = fresh_database();
  CHECK(static_cast<int>(migrate_bkp(conninfo(database), false, true).applied.size()) ==
        newest_version());
  CHECK(cluster().psql(database, "select count(*) from pg_namespace where nspname = 'bkp'") == "0");
}

TEST_CASE("a missing database is made when asked for, and only then") {
  const auto where = conninfo("the \"catalog\"");
  CHECK_THROWS_WITH(migrate_bkp(where), Catch::Contains("does not exist"));
  CHECK(migrate_bkp(where, true).database_created);
  CHECK(cluster().psql("the \"catalog\"", "show server_encoding") == "UTF8");
  CHECK_FALSE(migrate_bkp(where, true).database_created);
}

TEST_CASE("two first migrations at once both come to the same end") {
  for (int round = 0; round < 3; ++round) {
    const auto where = conninfo("race_" + std::to_string(round));
    std::vector<std::future<MigrationOutcome>> racers;
    for (int i = 0; i < 4; ++i) {
      racers.push_back(std::async(std::launch::async, [&] { return migrate_bkp(where, true); }));
    }
    int appliers = 0;
    for (auto& racer : racers) appliers += racer.get().applied.empty() ? 0 : 1;
    CHECK(appliers == 1);
    CHECK_NOTHROW(Catalog::open(where, "bkp", interrupt));
  }
}

TEST_CASE("a schema from a newer bkp is refused by all who meet it") {
  const auto database = fresh_database();
  migrate_bkp(conninfo(database));
  cluster().psql(database, "insert into bkp.schema_migrations values (999, '999_future.sql', 'x')");
  CHECK_THROWS_WITH(migrate_bkp(conninfo(database)), Catch::Contains("newer than this bkp"));
  CHECK_THROWS_WITH(Catalog::open(conninfo(database), "bkp", interrupt),
                    Catch::Contains("version 999"));
}

TEST_CASE("a migration that was changed after it was applied is refused") {
  const auto database = fresh_database();
  migrate_bkp(conninfo(database));
  cluster().psql(database, "update bkp.schema_migrations set sha256 = 'other' where version = 2");
  CHECK_THROWS_WITH(migrate_bkp(conninfo(database)), Catch::Contains("was changed"));
}

/// A catalog as it was before the newest migration.
constexpr auto undo_newest =
    "drop index bkp.idx_asset_checks_faults;"
    "alter table bkp.asset_checks drop constraint asset_checks_name_path_key,"
    "  drop column asset_id, drop column since;"
    "delete from bkp.schema_migrations where version = 7";

TEST_CASE("an older schema gets what is missing; until then it is not used") {
  const auto database = fresh_database();
  migrate_bkp(conninfo(database));
  cluster().psql(database, undo_newest);
  CHECK_THROWS_WITH(Catalog::open(conninfo(database), "bkp", interrupt),
                    Catch::Contains("has version 6"));
  CHECK(migrate_bkp(conninfo(database)).applied ==
        std::vector<std::string>{"007_asset_checks.sql"});
  CHECK_NOTHROW(Catalog::open(conninfo(database), "bkp", interrupt));
}

TEST_CASE("a migration that fails leaves nothing behind") {
  const auto database = fresh_database();
  cluster().psql(database, "create schema bkp; create table bkp.audit_log (a int)");
  CHECK_THROWS_WITH(migrate_bkp(conninfo(database)), Catch::Contains("already exists"));
  CHECK(
      cluster().psql(database,
                     "select string_agg(tablename, ' ') from pg_tables where schemaname = 'bkp'") ==
      "audit_log");
}

TEST_CASE("a schema of any name works, beside another one") {
  const auto database = fresh_database();
  const std::string name = "My \"Schema\"";
  migrate_bkp(conninfo(database));
  migrate(conninfo(database), name, false, false, interrupt);
  auto catalog = Catalog::open(conninfo(database), name, interrupt);
  CHECK(catalog.backups().empty());
  CHECK(cluster().psql(database, "select count(*) from \"My \"\"Schema\"\"\".backup_logs") == "0");
}

TEST_CASE("no schema is an error that names the remedy") {
  const auto database = fresh_database();
  const auto error = test::error_of([&] { Catalog::open(conninfo(database), "bkp", interrupt); });
  CHECK(error.kind() == util::ErrorKind::database);
  CHECK_THAT(error.hint(), Catch::Contains("bkp init"));
}

TEST_CASE("the three roles have what they need and no more") {
  const auto database = fresh_database();
  migrate_bkp(conninfo(database));
  CHECK(cluster().psql(database,
                       "select nspowner::regrole from pg_namespace where nspname = 'bkp'") ==
        "bkp_owner");

  const std::string run =
      "insert into runs (run_key, command, started_at, status) values (gen_random_uuid(), 'x', "
      "now(), 'running')";
  const std::string note = "insert into audit_log (at, action) values (now(), 'test')";
  CHECK(as_role(database, "bkp_writer", run).succeeded());
  CHECK(as_role(database, "bkp_writer", "update runs set bytes = 1").succeeded());
  CHECK(as_role(database, "bkp_writer", note).succeeded());
  CHECK(as_role(database, "bkp_writer", "select * from backup_logs").succeeded());
  for (const std::string table : {"runs", "backups", "backup_copies", "verifications", "audit_log",
                                  "store_usage", "applied_events", "schema_migrations"}) {
    CAPTURE(table);
    CHECK_FALSE(as_role(database, "bkp_writer", "delete from " + table).succeeded());
    CHECK_FALSE(as_role(database, "bkp_writer", "truncate " + table).succeeded());
  }
  CHECK_FALSE(as_role(database, "bkp_writer", "update audit_log set action = 'x'").succeeded());
  // Catalogs of before let it.
  cluster().psql(database, "grant insert on bkp.audit_log to bkp_writer");
  migrate_bkp(conninfo(database));
  for (const std::string forged : {"database_role", "recorded_at"}) {
    CAPTURE(forged);
    CHECK_FALSE(as_role(database, "bkp_writer",
                        "insert into audit_log (at, action, " + forged +
                            ") values (now(), 'test', '2026-11-21')")
                    .succeeded());
  }
  CHECK_FALSE(
      as_role(database, "bkp_writer", "alter table audit_log disable trigger all").succeeded());
  CHECK_FALSE(as_role(database, "bkp_writer", "create table t (a int)").succeeded());

  CHECK(as_role(database, "bkp_reader", "select * from audit_log").succeeded());
  CHECK(as_role(database, "bkp_reader", "select * from backup_logs").succeeded());
  CHECK_FALSE(as_role(database, "bkp_reader", run).succeeded());
  CHECK_FALSE(as_role(database, "bkp_reader", note).succeeded());
  CHECK_FALSE(as_role(database, "bkp_reader", "update backups set verified = true").succeeded());
}

TEST_CASE("the audit log refuses changes to everybody, superuser included") {
  const auto database = fresh_database();
  migrate_bkp(conninfo(database));
  cluster().psql(database, "insert into bkp.audit_log (at, action) values (now(), 'test')");
  for (const char* change : {"update bkp.audit_log set action = 'x'", "delete from bkp.audit_log",
                             "truncate bkp.audit_log"}) {
    CAPTURE(change);
    const auto outcome = cluster().try_psql(database, change);
    CHECK_FALSE(outcome.succeeded());
    CHECK_THAT(outcome.err, Catch::Contains("append-only"));
  }
  CHECK(cluster().psql(database, "select action from bkp.audit_log") == "test");
}

TEST_CASE("the plain owner of a database can migrate; what roles are missing is said") {
  test::Cluster other;
  other.psql("postgres", "create role plain login; create database plain owner plain");
  const auto where = pg::Conninfo::parse(other.conninfo("plain")).with("user", "plain");
  const auto outcome = migrate_bkp(where);
  CHECK(outcome.notices.size() == 3);
  CHECK_THAT(outcome.notices.front(), Catch::Contains("CREATE ROLE bkp_owner NOLOGIN"));
  CHECK(Catalog::open(where, "bkp", interrupt).backups().empty());
  CHECK(other.psql("plain", "select nspowner::regrole from pg_namespace where nspname = 'bkp'") ==
        "plain");

  SECTION("roles made later get their grants from the next migration") {
    other.psql("postgres", "create role bkp_owner; create role bkp_writer; create role bkp_reader");
    CHECK(migrate_bkp(where).notices.empty());
    CHECK(other.psql("plain", "set role bkp_reader; select count(*) from bkp.runs") == "0");
  }
  SECTION("a user who is neither owner nor writer is turned away") {
    other.psql("postgres", "create role stranger login");
    CHECK_THROWS_WITH(migrate_bkp(where.with("user", "stranger")),
                      Catch::Contains("may not use schema"));
  }
}

TEST_CASE("the writer may find the schema up to date, and may not bring it there") {
  const auto database = fresh_database();
  migrate_bkp(conninfo(database));
  cluster().psql("postgres",
                 "drop role if exists commands; create role commands login; "
                 "grant bkp_writer to commands");
  const auto writer = conninfo(database).with("user", "commands");
  CHECK(migrate_bkp(writer).applied.empty());
  CHECK_NOTHROW(Catalog::open(writer, "bkp", interrupt));
  cluster().psql(database, undo_newest);
  CHECK_THROWS_WITH(migrate_bkp(writer), Catch::Contains("belongs to \"bkp_owner\""));
}
