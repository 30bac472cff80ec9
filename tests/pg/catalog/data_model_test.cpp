#include <map>
#include <sstream>

#include <catch2/catch.hpp>

#include "catalog/migrate.hpp"
#include "support/shared_cluster.hpp"

using namespace bkp;
using test::cluster;

namespace {

/// One migrated database for the tests that only look.
const std::string& migrated() {
  static const auto database = [] {
    const auto name = test::fresh_database();
    const util::Interrupt interrupt;
    catalog::migrate(test::conninfo(name), "bkp", false, false, interrupt);
    return name;
  }();
  return database;
}

/// "name type" of each column, in order.
std::string columns_of(const std::string& table) {
  return cluster().psql(
      migrated(),
      "select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) from "
      "information_schema.columns where table_schema = 'bkp' and table_name = '" +
          table + "'");
}

std::string one(const std::string& sql) {
  return cluster().psql(migrated(), "set search_path = bkp; " + sql);
}

bool refused(const std::string& sql) {
  return !cluster()
              .try_psql(migrated(), "set search_path = bkp; begin; " + sql + "; rollback")
              .succeeded();
}

std::string insert_backup(const std::string& type, const std::string& method,
                          const std::string& trigger, const std::string& size) {
  return "insert into backups (label, backup_type, method, triggered_by, size_bytes, status_id, "
         "started_at) values ('a', '" +
         type + "', '" + method + "', '" + trigger + "', " + size + ", 1, now())";
}

}  // namespace

TEST_CASE("the tables have the columns of the data model") {
  const std::map<std::string, std::string> expected{
      {"job_statuses", "id bigint, name text"},
      {"backups",
       "id bigint, label text, backup_type text, method text, database_name text, parent_id "
       "bigint, "
       "destination text, file_path text, size_bytes bigint, original_bytes bigint, "
       "checksum_md5 text, checksum_sha256 text, status_id bigint, "
       "started_at timestamp with time zone, completed_at timestamp with time zone, "
       "start_lsn pg_lsn, stop_lsn pg_lsn, timeline integer, verified boolean, "
       "verified_at timestamp with time zone, verification_result_json jsonb, error_message text, "
       "triggered_by text, held_until timestamp with time zone, hold_reason text, "
       "purged_at timestamp with time zone, run_id bigint, created_at timestamp with time zone, "
       "updated_at timestamp with time zone, export_version integer, "
       "confirmed_at timestamp with time zone"},
      {"backup_copies",
       "backup_id bigint, store text, url text, state text, size_bytes bigint, "
       "checksum_sha256 text, completed_at timestamp with time zone, "
       "last_checked_at timestamp with time zone, error_message text"},
      {"backup_schedules",
       "id bigint, backup_type text, schedule text, time_zone text, command text, "
       "destination text, retention_policy_json jsonb, enabled boolean, "
       "last_run_at timestamp with time zone, next_run_at timestamp with time zone, "
       "created_at timestamp with time zone, updated_at timestamp with time zone, "
       "jitter interval, catch_up interval"},
      {"backup_logs",
       "backup_id bigint, backup_type text, backup_timestamp timestamp with time zone, "
       "backup_size_bytes bigint, checksum_md5 text, checksum_sha256 text, location_local text, "
       "location_s3 text, status text, recovery_tested boolean, "
       "test_timestamp timestamp with time zone, recovery_time_seconds double precision, "
       "created_at timestamp with time zone, verified_at timestamp with time zone, "
       "purged_at timestamp with time zone, error_message text"},
  };
  for (const auto& [table, columns] : expected) {
    CAPTURE(table);
    CHECK(columns_of(table) == columns);
  }
  for (const char* table : {"runs", "verifications", "store_usage", "restore_points",
                            "asset_checks", "audit_log", "schema_migrations", "applied_events"}) {
    CAPTURE(table);
    CHECK_FALSE(columns_of(table).empty());
  }
}

TEST_CASE("keys are serial, statuses referenced with RESTRICT and CASCADE") {
  CHECK(one("select pg_get_serial_sequence('bkp.backups', 'id')") == "bkp.backups_id_seq");
  CHECK(one("select pg_get_constraintdef(oid) from pg_constraint "
            "where conrelid = 'backups'::regclass and contype = 'f' "
            "and confrelid = 'job_statuses'::regclass") ==
        "FOREIGN KEY (status_id) REFERENCES job_statuses(id) ON UPDATE CASCADE ON DELETE RESTRICT");
  CHECK(
      refused("insert into runs (run_key, command, started_at, status) values "
              "(gen_random_uuid(), 'x', now(), 'no such status')"));
}

TEST_CASE("the named indexes are there") {
  for (const char* index : {"idx_backups_status_id", "idx_backups_completed_at",
                            "idx_backups_backup_type", "idx_backup_schedules_next_run_at"}) {
    CAPTURE(index);
    CHECK(one("select count(*) from pg_indexes where schemaname = 'bkp' and indexname = '" +
              std::string{index} + "'") == "1");
  }
}

TEST_CASE("values out of the lists, and negative sizes, are refused") {
  CHECK_FALSE(refused(insert_backup("full", "dump", "schedule", "0")));
  CHECK(refused(insert_backup("total", "dump", "schedule", "0")));
  CHECK(refused(insert_backup("full", "copy", "schedule", "0")));
  CHECK(refused(insert_backup("full", "dump", "cron", "0")));
  CHECK(refused(insert_backup("full", "dump", "schedule", "-1")));
}

TEST_CASE("updated_at follows each update, whatever the search_path of the session") {
  cluster().psql(migrated(), "set search_path = bkp; " +
                                 insert_backup("full", "dump", "manual", "0") +
                                 "; insert into backup_schedules (schedule, command, updated_at) "
                                 "values ('0 2 * * *', 'full', '2020-01-01')");
  cluster().psql(migrated(),
                 "update bkp.backups set updated_at = '2020-01-01'; "
                 "update bkp.backup_schedules set enabled = false");
  CHECK(
      one("select bool_and(updated_at > now() - interval '1 minute') from "
          "(select updated_at from backups union all select updated_at from backup_schedules) x") ==
      "t");
  CHECK(one("select count(*) from pg_trigger where tgname = 'set_updated_at' and "
            "tgfoid = 'trigger_set_updated_at'::regproc") == "2");
}
