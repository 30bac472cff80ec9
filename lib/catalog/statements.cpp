#include "catalog/statements.hpp"

#include <map>

#include <fmt/format.h>

#include "catalog/apply.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

namespace {

// In the statements below, jsonb_to_record() gives an event's data the types of the columns it goes
// to, and ignores what else there is.
std::string on_event(std::string_view statement) {
  return fmt::format("WITH event AS (SELECT $1::jsonb AS data, $2::uuid AS run_key) {}", statement);
}

constexpr auto open_run = R"(
  INSERT INTO runs (run_key, command, arguments, user_name, host, pid, process_identity,
                    triggered_by, version, started_at, status)
  SELECT event.run_key, e.* FROM event, jsonb_to_record(data) AS e(
    command text, arguments jsonb, user_name text, host text, pid integer, process_identity jsonb,
    triggered_by text, version text, started_at timestamptz, status text)
  RETURNING id)";

constexpr auto close_run = R"(
  UPDATE runs SET finished_at = e.finished_at, status = e.status, exit_code = e.exit_code,
                  error_message = e.error_message, bytes = e.bytes
  FROM event, jsonb_to_record(data) AS e(
    finished_at timestamptz, status text, exit_code integer, error_message text, bytes bigint)
  WHERE runs.run_key = event.run_key)";

// {0}, {1}: more columns and their values; {2}: more that changes in a row that is there already.
constexpr auto upsert_backup = R"(
  INSERT INTO backups AS b (
    label, backup_type, method, database_name, parent_id, destination, file_path, size_bytes,
    original_bytes, checksum_md5, checksum_sha256, status_id, started_at, completed_at, start_lsn,
    stop_lsn, timeline, error_message, triggered_by, {0})
  SELECT
    e.label, e.backup_type, e.method, e.database_name,
    (SELECT id FROM backups WHERE label = e.parent_label), e.destination, e.file_path,
    e.size_bytes, e.original_bytes, e.checksum_md5, e.checksum_sha256,
    (SELECT id FROM job_statuses WHERE name = e.status), e.started_at, e.completed_at,
    e.start_lsn, e.stop_lsn, e.timeline, e.error_message, e.triggered_by, {1}
  FROM event, jsonb_to_record(data) AS e(
    label text, backup_type text, method text, database_name text, parent_label text,
    destination text, file_path text, size_bytes bigint, original_bytes bigint, checksum_md5 text,
    checksum_sha256 text, status text, started_at timestamptz, completed_at timestamptz,
    start_lsn pg_lsn, stop_lsn pg_lsn, timeline integer, error_message text, triggered_by text,
    verified boolean, verified_at timestamptz, verification_result_json jsonb,
    held_until timestamptz, hold_reason text, created_at timestamptz)
  ON CONFLICT (label) DO UPDATE SET
    backup_type = excluded.backup_type, method = excluded.method,
    database_name = excluded.database_name, parent_id = coalesce(excluded.parent_id, b.parent_id),
    destination = excluded.destination, file_path = excluded.file_path,
    size_bytes = excluded.size_bytes, original_bytes = excluded.original_bytes,
    checksum_md5 = excluded.checksum_md5, checksum_sha256 = excluded.checksum_sha256,
    started_at = excluded.started_at, completed_at = excluded.completed_at,
    start_lsn = excluded.start_lsn, stop_lsn = excluded.stop_lsn, timeline = excluded.timeline,
    error_message = excluded.error_message, triggered_by = excluded.triggered_by, {2}
  RETURNING id)";

// An event that was delivered late does not bring a purged backup back.
std::string save_backup() {
  return fmt::format(upsert_backup, "run_id", "(SELECT id FROM runs WHERE run_key = event.run_key)",
                     R"(run_id = coalesce(b.run_id, excluded.run_id),
    status_id = CASE WHEN b.purged_at IS NULL THEN excluded.status_id ELSE b.status_id END)");
}

// What was found in a store is there: a purge is taken back. Who looked at one store cannot tell
// whether a copy on another is missing, so a known `partial` stays. A store that was away when a
// hold was set does not know it; what ends a hold is `bkp release`, which says so in an event.
std::string import_backup() {
  return fmt::format(
      upsert_backup,
      "verified, verified_at, verification_result_json, held_until, hold_reason, created_at",
      R"(e.verified, e.verified_at, e.verification_result_json, e.held_until, e.hold_reason,
    coalesce(e.created_at, now()))",
      R"(purged_at = NULL,
    held_until = greatest(b.held_until, excluded.held_until),
    hold_reason = CASE WHEN excluded.held_until > coalesce(b.held_until, '-infinity')
                  THEN excluded.hold_reason ELSE b.hold_reason END,
    status_id = CASE WHEN b.status_id = (SELECT id FROM job_statuses WHERE name = 'partial')
                THEN b.status_id ELSE excluded.status_id END,
    verified = CASE WHEN excluded.verified_at > coalesce(b.verified_at, '-infinity')
               THEN excluded.verified ELSE b.verified END,
    verified_at = greatest(excluded.verified_at, b.verified_at),
    verification_result_json =
      coalesce(b.verification_result_json, excluded.verification_result_json))");
}

constexpr auto save_copies = R"(
  INSERT INTO backup_copies AS c (backup_id, store, url, state, size_bytes, checksum_sha256,
                                  completed_at, last_checked_at, error_message)
  SELECT b.id, e.store, e.url, e.state, coalesce(e.size_bytes, 0), e.checksum_sha256,
         e.completed_at, e.last_checked_at, e.error_message
  FROM event JOIN backups b ON b.label = data->>'label', jsonb_to_recordset(data->'copies') AS e(
    store text, url text, state text, size_bytes bigint, checksum_sha256 text,
    completed_at timestamptz, last_checked_at timestamptz, error_message text)
  ON CONFLICT (backup_id, store) DO UPDATE SET
    url = excluded.url, state = excluded.state, size_bytes = excluded.size_bytes,
    checksum_sha256 = excluded.checksum_sha256, completed_at = excluded.completed_at,
    last_checked_at = coalesce(excluded.last_checked_at, c.last_checked_at),
    error_message = excluded.error_message)";

constexpr auto adopt_verifications = R"(
  UPDATE verifications SET backup_id = b.id FROM event, backups b
  WHERE b.label = data->>'label' AND backup_label = b.label AND backup_id IS NULL)";

constexpr auto insert_verification = R"(
  INSERT INTO verifications (
    backup_id, backup_label, level, store, success, restore_duration_seconds,
    validation_queries_passed, validation_queries_total, coverage, errors, started_at, finished_at,
    run_id)
  SELECT (SELECT id FROM backups WHERE label = e.backup_label), e.*,
         (SELECT id FROM runs WHERE run_key = event.run_key)
  FROM event, jsonb_to_record(data) AS e(
    backup_label text, level text, store text, success boolean, restore_duration_seconds float8,
    validation_queries_passed integer, validation_queries_total integer, coverage jsonb,
    errors jsonb, started_at timestamptz, finished_at timestamptz))";

// A backup is good when a restore of it was checked: checksums alone can only prove it bad.
constexpr auto mark_verified = R"(
  UPDATE backups SET verified = e.success, verified_at = e.finished_at,
                     verification_result_json = data - 'id'
  FROM event, jsonb_to_record(data) AS e(
    backup_label text, level text, success boolean, finished_at timestamptz)
  WHERE label = e.backup_label AND (e.level <> 'checksum' OR NOT e.success)
    AND e.finished_at >= coalesce(verified_at, '-infinity'))";

constexpr auto mark_copy_checked = R"(
  UPDATE backup_copies SET last_checked_at = e.finished_at,
                           error_message = CASE WHEN e.success THEN NULL ELSE e.errors->>0 END
  FROM event, backups b, jsonb_to_record(data) AS e(
    backup_label text, store text, success boolean, errors jsonb, finished_at timestamptz)
  WHERE b.label = e.backup_label AND backup_copies.backup_id = b.id
    AND backup_copies.store = e.store)";

constexpr auto set_hold = R"(
  UPDATE backups SET held_until = e.held_until, hold_reason = e.hold_reason
  FROM event, jsonb_to_record(data) AS e(label text, held_until timestamptz, hold_reason text)
  WHERE backups.label = e.label)";

constexpr auto purge_copy = R"(
  UPDATE backup_copies SET state = 'purged' FROM event, backups b
  WHERE b.label = data->>'label' AND backup_id = b.id AND store = data->>'store')";

constexpr auto purge_backup = R"(
  UPDATE backups b SET purged_at = (data->>'at')::timestamptz,
                       status_id = (SELECT id FROM job_statuses WHERE name = 'purged')
  FROM event WHERE b.label = data->>'label' AND b.purged_at IS NULL
    AND NOT EXISTS (SELECT FROM backup_copies c WHERE c.backup_id = b.id
                    AND c.state NOT IN ('purged', 'failed', 'cancelled')))";

constexpr auto sample_usage = R"(
  INSERT INTO store_usage (store, url, used_bytes, objects, capacity_bytes, available_bytes,
                           alert_state, full_at, sampled_at, run_id)
  SELECT e.*, (SELECT id FROM runs WHERE run_key = event.run_key)
  FROM event, jsonb_to_record(data) AS e(
    store text, url text, used_bytes bigint, objects bigint, capacity_bytes bigint,
    available_bytes bigint, alert_state text, full_at timestamptz, sampled_at timestamptz))";

constexpr auto write_audit = R"(
  INSERT INTO audit_log (at, action, subject, confirmation, details, user_name, host, run_id)
  SELECT e.*, (SELECT id FROM runs WHERE run_key = event.run_key)
  FROM event, jsonb_to_record(data) AS e(
    at timestamptz, action text, subject text, confirmation text, details jsonb, user_name text,
    host text))";

}  // namespace

const std::vector<std::string>& statements_for(const std::string& kind) {
  using List = std::vector<std::string>;
  static const std::map<std::string, List> all{
      {kind::run_opened, {on_event(open_run)}},
      {kind::run_closed, {on_event(close_run)}},
      {kind::backup_saved, {on_event(save_backup()), on_event(save_copies)}},
      {kind::backup_imported,
       {on_event(import_backup()), on_event(save_copies), on_event(adopt_verifications)}},
      {kind::verified,
       {on_event(insert_verification), on_event(mark_verified), on_event(mark_copy_checked)}},
      {kind::hold_set, {on_event(set_hold)}},
      {kind::copy_purged, {on_event(purge_copy), on_event(purge_backup)}},
      {kind::usage_sampled, {on_event(sample_usage)}},
      {kind::audited, {on_event(write_audit)}},
  };
  const auto found = all.find(kind);
  if (found != all.end()) return found->second;
  throw util::Error{util::ErrorKind::damaged,
                    fmt::format("{} is no kind of event this version knows", util::quoted(kind)),
                    "was it written by a newer bkp? then deliver it with that one"};
}

}  // namespace bkp::catalog
