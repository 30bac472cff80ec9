#include "catalog/catalog.hpp"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "catalog/row.hpp"
#include "catalog/session.hpp"
#include "catalog/time_text.hpp"

namespace bkp::catalog {

using pg::Parameter;

namespace {

// What is not NULL in the records comes out as a value here.
constexpr auto backup_columns =
    "b.id, b.label, b.backup_type, b.method, b.database_name, b.parent_id, "
    "CASE WHEN b.parent_id IS NOT NULL THEN (SELECT label FROM backups p WHERE p.id = b.parent_id) "
    "END, "
    "b.destination, "
    "b.file_path, coalesce(b.size_bytes, 0), coalesce(b.original_bytes, 0), b.checksum_md5, "
    "b.checksum_sha256, b.status_id, s.name, b.started_at, b.completed_at, b.start_lsn, "
    "b.stop_lsn, "
    "b.timeline, b.export_version, b.confirmed_at, b.verified, b.verified_at, "
    "b.verification_result_json, b.error_message, "
    "b.triggered_by, b.held_until, b.hold_reason, b.purged_at, b.run_id, b.created_at, "
    "b.updated_at";
constexpr auto backup_tables = "backups b JOIN job_statuses s ON s.id = b.status_id";

BackupRecord read_backup(Row row) {
  BackupRecord b;
  row >> b.id >> b.label >> b.backup_type >> b.method >> b.database_name >> b.parent_id >>
      b.parent_label >> b.destination >> b.file_path >> b.size_bytes >> b.original_bytes >>
      b.checksum_md5 >> b.checksum_sha256 >> b.status_id >> b.status >> b.started_at >>
      b.completed_at >> b.start_lsn >> b.stop_lsn >> b.timeline >> b.export_version >>
      b.confirmed_at >> b.verified >> b.verified_at >> b.verification_result >> b.error_message >>
      b.triggered_by >> b.held_until >> b.hold_reason >> b.purged_at >> b.run_id >> b.created_at >>
      b.updated_at;
  return b;
}

constexpr auto copy_columns =
    "c.store, c.url, c.state, c.size_bytes, c.checksum_sha256, c.completed_at, c.last_checked_at, "
    "c.error_message";

CopyRecord read_copy(Row& row) {
  CopyRecord c;
  row >> c.store >> c.url >> c.state >> c.size_bytes >> c.checksum_sha256 >> c.completed_at >>
      c.last_checked_at >> c.error_message;
  return c;
}

/// A WHERE clause and what its parameters stand for.
struct Condition {
  std::string text = "true";
  std::vector<Parameter> parameters;

  /// `clause` has one "{}", where the parameter goes.
  void add(std::string_view clause, std::string parameter) {
    parameters.emplace_back(std::move(parameter));
    text += " AND " + fmt::format(fmt::runtime(clause), "$" + std::to_string(parameters.size()));
  }
};

Condition condition_of(const BackupFilter& filter) {
  Condition condition;
  if (filter.backup_type) condition.add("b.backup_type = {}", *filter.backup_type);
  if (filter.database) condition.add("b.database_name = {}", *filter.database);
  if (filter.since) condition.add("b.started_at >= {}::timestamptz", time_text(*filter.since));
  if (filter.until) condition.add("b.started_at < {}::timestamptz", time_text(*filter.until));
  if (filter.status) condition.add("s.name = {}", *filter.status);
  if (filter.verified) condition.add("b.verified = {}::boolean", *filter.verified ? "t" : "f");
  if (filter.copy_failed_on) {
    condition.add(
        "EXISTS (SELECT FROM backup_copies m WHERE m.backup_id = b.id AND m.state = 'failed' AND "
        "m.store = {})",
        *filter.copy_failed_on);
  }
  if (!filter.include_purged) condition.text += " AND b.purged_at IS NULL";
  return condition;
}

// Two statements whatever the number of backups, and one snapshot for both.
std::vector<BackupRecord> select_backups(pg::Connection& connection, const Condition& condition) {
  pg::Transaction transaction{connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
  const auto found = connection.exec(
      fmt::format("SELECT {} FROM {} WHERE {} ORDER BY b.started_at DESC, b.id DESC",
                  backup_columns, backup_tables, condition.text),
      condition.parameters);
  std::vector<BackupRecord> backups;
  std::unordered_map<std::int64_t, std::size_t> index;
  backups.reserve(static_cast<std::size_t>(found.rows()));
  for (int row = 0; row < found.rows(); ++row) {
    backups.push_back(read_backup(Row{found, row}));
    index[backups.back().id] = backups.size() - 1;
  }
  // Of a list without conditions nearly all copies are wanted: there a join only costs.
  auto sql = fmt::format("SELECT c.backup_id, {} FROM backup_copies c", copy_columns);
  if (!condition.parameters.empty()) {
    sql += fmt::format(" JOIN ({}) ON b.id = c.backup_id WHERE {}", backup_tables, condition.text);
  }
  const auto copies = connection.exec(sql, condition.parameters);
  for (int number = 0; number < copies.rows(); ++number) {
    Row row{copies, number};
    std::int64_t backup_id = 0;
    row >> backup_id;
    const auto found_at = index.find(backup_id);
    if (found_at != index.end()) backups[found_at->second].copies.push_back(read_copy(row));
  }
  for (auto& backup : backups) std::ranges::sort(backup.copies, {}, &CopyRecord::store);
  transaction.commit();
  return backups;
}

std::vector<VerificationRecord> select_verifications(pg::Connection& connection,
                                                     const Condition& condition) {
  const auto found = connection.exec(
      "SELECT id, backup_label, level, store, success, coalesce(restore_duration_seconds, 0), "
      "validation_queries_passed, validation_queries_total, coverage, errors, started_at, "
      "finished_at FROM verifications WHERE " +
          condition.text + " ORDER BY finished_at DESC, id DESC",
      condition.parameters);
  std::vector<VerificationRecord> result;
  for (int row = 0; row < found.rows(); ++row) {
    auto& v = result.emplace_back();
    Row{found, row} >> v.id >> v.backup_label >> v.level >> v.store >> v.success >>
        v.restore_duration_seconds >> v.validation_queries_passed >> v.validation_queries_total >>
        v.coverage >> v.errors >> v.started_at >> v.finished_at;
  }
  return result;
}

}  // namespace

Catalog Catalog::open(const pg::Conninfo& conninfo, const std::string& schema,
                      const util::Interrupt& interrupt) {
  return Catalog{open_session(conninfo, schema, interrupt)};
}

std::vector<BackupRecord> Catalog::backups(const BackupFilter& filter) {
  return select_backups(m_connection, condition_of(filter));
}

std::optional<BackupRecord> Catalog::backup(const std::string& label) {
  Condition condition;
  condition.add("b.label = {}", label);
  auto found = select_backups(m_connection, condition);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<VerificationRecord> Catalog::verifications(const std::string& label) {
  Condition condition;
  condition.add("backup_label = {}", label);
  return select_verifications(m_connection, condition);
}

std::vector<VerificationRecord> Catalog::verifications() {
  return select_verifications(m_connection, {});
}

std::optional<double> Catalog::last_restore_seconds(const std::string& label,
                                                    const std::string& database) {
  const auto found = m_connection.exec(
      "SELECT v.restore_duration_seconds FROM verifications v JOIN backups b ON b.id = v.backup_id "
      "WHERE v.success AND v.level <> 'checksum' AND (b.label = $1 OR b.database_name = $2) "
      "ORDER BY (b.label = $1) DESC, v.finished_at DESC LIMIT 1",
      {label, database});
  if (found.rows() == 0) return std::nullopt;
  return found.number(0, 0);
}

std::vector<RunRecord> Catalog::runs(int limit) {
  const auto found = m_connection.exec(
      "SELECT id, command, arguments, user_name, host, coalesce(pid, 0), triggered_by, version, "
      "started_at, finished_at, status, exit_code, error_message, bytes, schedule_id, due_at "
      "FROM runs "
      "ORDER BY started_at DESC, id DESC LIMIT $1::bigint",
      {std::to_string(limit)});
  std::vector<RunRecord> result;
  for (int row = 0; row < found.rows(); ++row) {
    auto& r = result.emplace_back();
    Row{found, row} >> r.id >> r.command >> r.arguments >> r.user_name >> r.host >> r.pid >>
        r.triggered_by >> r.version >> r.started_at >> r.finished_at >> r.status >> r.exit_code >>
        r.error_message >> r.bytes >> r.schedule_id >> r.due_at;
  }
  return result;
}

std::vector<AssetCheck> Catalog::asset_checks(const std::string& section, bool faults_only) {
  const auto found = m_connection.exec(
      fmt::format("SELECT path, asset_id, state, expected_sha256, actual_sha256, size_bytes, "
                  "error_message, checked_at, since FROM asset_checks WHERE name = $1{} "
                  "ORDER BY path COLLATE \"C\"",
                  faults_only ? " AND state <> 'ok'" : ""),
      {section});
  std::vector<AssetCheck> result;
  for (int row = 0; row < found.rows(); ++row) {
    auto& c = result.emplace_back();
    Row{found, row} >> c.path >> c.asset_id >> c.state >> c.expected_sha256 >> c.actual_sha256 >>
        c.size_bytes >> c.error_message >> c.checked_at >> c.since;
  }
  return result;
}

std::vector<AssetCounts> Catalog::asset_counts() {
  const auto found = m_connection.exec(
      "SELECT name, count(*), count(*) FILTER (WHERE state = 'ok' AND expected_sha256 IS NOT NULL "
      "AND actual_sha256 IS NULL), count(*) FILTER (WHERE state = 'missing'), "
      "count(*) FILTER (WHERE state = 'corrupt'), count(*) FILTER (WHERE state = 'unreadable'), "
      "min(since) FILTER (WHERE state <> 'ok'), max(checked_at) "
      "FROM asset_checks GROUP BY name ORDER BY name");
  std::vector<AssetCounts> result;
  for (int row = 0; row < found.rows(); ++row) {
    auto& c = result.emplace_back();
    Row{found, row} >> c.section >> c.known >> c.never_read >> c.missing >> c.corrupt >>
        c.unreadable >> c.fault_since >> c.checked_at;
  }
  return result;
}

std::vector<StoreUsage> Catalog::usage_history(const std::string& store, Time since) {
  const auto found = m_connection.exec(
      "SELECT store, url, used_bytes, objects, capacity_bytes, available_bytes, alert_state, "
      "full_at, sampled_at FROM store_usage WHERE store = $1 AND sampled_at >= $2::timestamptz "
      "ORDER BY sampled_at, id",
      {store, time_text(since)});
  std::vector<StoreUsage> result;
  for (int row = 0; row < found.rows(); ++row) {
    auto& u = result.emplace_back();
    Row{found, row} >> u.store >> u.url >> u.used_bytes >> u.objects >> u.capacity_bytes >>
        u.available_bytes >> u.alert_state >> u.full_at >> u.sampled_at;
  }
  return result;
}

}  // namespace bkp::catalog
