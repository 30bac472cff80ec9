#pragma once

#include <memory>

#include <unistd.h>

#include "catalog/catalog.hpp"
#include "catalog/migrate.hpp"
#include "catalog/recorder.hpp"
#include "support/recorded_log.hpp"
#include "support/shared_cluster.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

inline constexpr auto example_label = "20261121T020000Z-full-x121";

/// A migrated catalog, a spool directory, and recorders on them. "Down" is a conninfo where nobody
/// listens.
struct RecorderFixture {
  explicit RecorderFixture(bool migrated = true) {
    if (migrated) catalog::migrate(conninfo(database), "bkp", false, false, interrupt);
  }

  std::unique_ptr<catalog::Recorder> recorder(bool up = true) {
    auto where = conninfo(database);
    if (!up) where = where.with("host", "/nonexistent");
    return std::make_unique<catalog::Recorder>(
        catalog::Recorder::Settings{where, "bkp", spool.path()}, clock, log, interrupt);
  }

  std::unique_ptr<catalog::Recorder> opened(bool up = true) {
    auto result = recorder(up);
    result->open_run(run());
    return result;
  }

  catalog::RunRecord run() const {
    catalog::RunRecord record;
    record.command = "full";
    record.arguments = {"--db", "it's \"quoted\"\n", "caf\xe9"};
    record.user_name = "backup";
    record.host = host;
    record.pid = ::getpid();
    record.triggered_by = "schedule";
    record.version = "0.1.0";
    record.started_at = started;
    return record;
  }

  catalog::BackupRecord backup(const std::string& label,
                               const std::string& status = catalog::status::completed) const {
    catalog::BackupRecord record;
    record.label = label;
    record.backup_type = "full";
    record.method = "dump";
    record.database_name = "x121";
    record.destination = "file:///backups";
    record.file_path = "studio/backups/" + label + "/manifest.json";
    record.size_bytes = 1000;
    record.original_bytes = 5000;
    record.checksum_md5 = std::string(32, 'a');
    record.checksum_sha256 = std::string(64, 'b');
    record.status = status;
    record.started_at = started;
    if (status != catalog::status::running) record.completed_at = started + std::chrono::seconds{9};
    record.triggered_by = "schedule";
    record.copies = {copy("local", "file:///backups"), copy("offsite", "s3://bucket")};
    return record;
  }

  catalog::CopyRecord copy(const std::string& store, const std::string& url) const {
    return {store,
            url,
            catalog::status::completed,
            1000,
            std::string(64, 'c'),
            started + std::chrono::seconds{9},
            std::nullopt,
            ""};
  }

  catalog::VerificationRecord verification(const std::string& label, const std::string& level,
                                           bool success) const {
    catalog::VerificationRecord record;
    record.backup_label = label;
    record.level = level;
    record.store = "local";
    record.success = success;
    record.restore_duration_seconds = 12.5;
    record.validation_queries_passed = success ? 10 : 9;
    record.validation_queries_total = 10;
    record.coverage = {{"tables", 7}};
    if (!success) record.errors = {"table \"t\": 3 rows, expected 4"};
    record.started_at = started + std::chrono::hours{1};
    record.finished_at = started + std::chrono::hours{2};
    return record;
  }

  catalog::Catalog open_catalog() {
    return catalog::Catalog::open(conninfo(database), "bkp", interrupt);
  }

  /// Runs SQL in the catalog's schema.
  std::string sql(const std::string& text) {
    return cluster().psql(database, "set search_path = bkp; " + text);
  }

  /// Ends every session in the catalog's database, as a restart of its server does.
  void cut_sessions() {
    cluster().psql(
        "postgres",
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '" +
            database + "'");
  }

  std::string host = "studio-1";  ///< of the runs
  std::string database = fresh_database();
  TemporaryDirectory spool;
  util::SystemClock clock;
  RecordedLog log;
  util::Interrupt interrupt;
  util::Time started = util::parse_time("2026-11-21T02:00:00Z") + std::chrono::milliseconds{250};
};

}  // namespace bkp::test
