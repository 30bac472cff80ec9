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

// A run that a schedule has begun may have a row already; what schedule it was, it may have no
// more.
constexpr auto open_run = R"(
  INSERT INTO runs (run_key, command, arguments, user_name, host, pid, process_identity,
                    triggered_by, version, started_at, status, due_at, schedule_id)
  SELECT event.run_key, e.command, e.arguments, e.user_name, e.host, e.pid, e.process_identity,
         e.triggered_by, e.version, e.started_at, e.status, e.due_at,
         (SELECT id FROM backup_schedules WHERE id = e.schedule_id)
  FROM event, jsonb_to_record(data) AS e(
    command text, arguments jsonb, user_name text, host text, pid integer, process_identity jsonb,
    triggered_by text, version text, started_at timestamptz, status text, due_at timestamptz,
    schedule_id bigint)
  ON CONFLICT (run_key) DO UPDATE SET
    arguments = excluded.arguments, user_name = excluded.user_name, host = excluded.host,
    pid = excluded.pid, process_identity = excluded.process_identity,
    triggered_by = excluded.triggered_by, version = excluded.version,
    started_at = excluded.started_at, finished_at = NULL, status = excluded.status,
    exit_code = NULL, error_message = NULL
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
    stop_lsn, timeline, export_version, error_message, triggered_by, {0})
  SELECT
    e.label, e.backup_type, e.method, e.database_name,
    (SELECT id FROM backups WHERE label = e.parent_label), e.destination, e.file_path,
    e.size_bytes, e.original_bytes, e.checksum_md5, e.checksum_sha256,
    (SELECT id FROM job_statuses WHERE name = e.status), e.started_at, e.completed_at,
    e.start_lsn, e.stop_lsn, e.timeline, e.export_version, e.error_message, e.triggered_by, {1}
  FROM event, jsonb_to_record(data) AS e(
    label text, backup_type text, method text, database_name text, parent_label text,
    destination text, file_path text, size_bytes bigint, original_bytes bigint, checksum_md5 text,
    checksum_sha256 text, status text, started_at timestamptz, completed_at timestamptz,
    start_lsn pg_lsn, stop_lsn pg_lsn, timeline integer, export_version integer,
    error_message text, triggered_by text,
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
    export_version = excluded.export_version, error_message = excluded.error_message, triggered_by = excluded.triggered_by, {2}
  RETURNING id)";

// An event that was delivered late does not bring a purged backup back.
std::string save_backup() {
  return fmt::format(upsert_backup, "run_id", "(SELECT id FROM runs WHERE run_key = event.run_key)",
                     R"(run_id = coalesce(b.run_id, excluded.run_id),
    status_id = CASE WHEN b.purged_at IS NULL THEN excluded.status_id ELSE b.status_id END)");
}

// Of a backup that is unverified for its copies alone (see doubt_backup), the verification to
// compare with is the one before.
constexpr auto later_verification =
    "coalesce(excluded.verified_at > coalesce("
    "CASE WHEN b.verification_result_json ? 'proven_at' "
    "THEN (b.verification_result_json->>'proven_at')::timestamptz ELSE b.verified_at END, "
    "'-infinity'), false)";

// What was found in a store is there: a purge is taken back. Who looked at one store cannot tell
// whether a copy on another is missing, so a known `partial` stays. A store that was away when a
// hold was set does not know it; what ends a hold is `bkp release`, which says so in an event.
std::string import_backup() {
  return fmt::format(
      upsert_backup,
      "verified, verified_at, verification_result_json, held_until, hold_reason, created_at",
      R"(e.verified, e.verified_at, e.verification_result_json, e.held_until, e.hold_reason,
    coalesce(e.created_at, now()))",
      fmt::format(R"(purged_at = NULL,
    held_until = greatest(b.held_until, excluded.held_until),
    hold_reason = CASE WHEN excluded.held_until > coalesce(b.held_until, '-infinity')
                  THEN excluded.hold_reason ELSE b.hold_reason END,
    status_id = CASE WHEN b.status_id = (SELECT id FROM job_statuses WHERE name = 'partial')
                THEN b.status_id ELSE excluded.status_id END,
    verified = CASE WHEN {0} THEN excluded.verified ELSE b.verified END,
    verified_at = CASE WHEN {0} THEN excluded.verified_at ELSE b.verified_at END,
    verification_result_json = CASE WHEN {0} THEN excluded.verification_result_json
                               ELSE b.verification_result_json END)",
                  later_verification));
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
    last_checked_at = greatest(excluded.last_checked_at, c.last_checked_at),
    error_message = CASE
      WHEN c.state = 'completed' AND excluded.state = 'completed'
        AND c.last_checked_at > coalesce(excluded.last_checked_at, '-infinity')
      THEN c.error_message ELSE excluded.error_message END)";

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

// Whether a verification {0} (a row of verifications, or an event's record) is about the bytes of
// one copy: it re-read them, or it was a test restore that could not even do that. Everything else
// is about the backup, wherever it was read from.
constexpr auto about_the_copy = R"(({0}.level = 'checksum' OR (
    NOT {0}.success
    AND EXISTS (SELECT FROM jsonb_each({0}.coverage->'checks') k
                WHERE (k.value->>'failed')::integer > 0)
    AND NOT EXISTS (SELECT FROM jsonb_each({0}.coverage->'checks') k
                    WHERE (k.value->>'failed')::integer > 0
                      AND k.key NOT IN ('part', 'manifest', 'fingerprint')))))";

// Whether it says that a backup could not be brought back as the runbook tells, and nothing else:
// only steps failed. The backup may well be good.
constexpr auto about_the_page = R"((NOT {0}.success
    AND EXISTS (SELECT FROM jsonb_each({0}.coverage->'checks') k
                WHERE (k.value->>'failed')::integer > 0)
    AND NOT EXISTS (SELECT FROM jsonb_each({0}.coverage->'checks') k
                    WHERE (k.value->>'failed')::integer > 0 AND k.key <> 'step')))";

std::string about_page(std::string_view name) {
  return fmt::format(fmt::runtime(about_the_page), name);
}

std::string about_copy(std::string_view name) {
  return fmt::format(fmt::runtime(about_the_copy), name);
}

// A backup is good when a restore of it was checked.
std::string mark_verified() {
  return R"(
  UPDATE backups SET verified = e.success, verified_at = e.finished_at,
                     verification_result_json = data - 'id'
  FROM event, jsonb_to_record(data) AS e(
    backup_label text, level text, success boolean, coverage jsonb, finished_at timestamptz)
  WHERE label = e.backup_label AND e.finished_at >= coalesce(verified_at, '-infinity')
    AND NOT )" +
         about_copy("e") + " AND NOT " + about_page("e");
}

// A test restore does not read every part, so it takes no copy's error away.
std::string mark_copy_checked() {
  return R"(
  UPDATE backup_copies c SET
    last_checked_at = e.finished_at,
    error_message = CASE WHEN e.success THEN NULL ELSE coalesce(e.errors->>0, 'not good') END
  FROM event, backups b, jsonb_to_record(data) AS e(
    backup_label text, level text, store text, success boolean, coverage jsonb, errors jsonb,
    finished_at timestamptz)
  WHERE b.label = e.backup_label AND c.backup_id = b.id AND c.store = e.store
    AND e.finished_at >= coalesce(c.last_checked_at, '-infinity')
    AND (e.success AND c.error_message IS NULL OR )" +
         about_copy("e") + ")";
}

constexpr auto label_of_event = "coalesce(event.data->>'backup_label', event.data->>'label')";

// Every complete copy failed its last check, after the last verification: the backup failed.
// `proven_at` in the result says that its copies alone are the reason, and when it had been proven.
std::string doubt_backup() {
  return fmt::format(R"(
  UPDATE backups b SET
    verified = false, verified_at = copies.failed_at,
    verification_result_json =
      CASE WHEN event.data ? 'backup_label' THEN event.data - 'id'
           ELSE jsonb_build_object('level', 'checksum', 'success', false,
                                   'errors', jsonb_build_array(copies.error)) END
      || jsonb_build_object('proven_at',
           CASE WHEN b.verified THEN to_jsonb(b.verified_at)
                ELSE b.verification_result_json->'proven_at' END)
  FROM event, LATERAL (
    SELECT bool_and(c.error_message IS NOT NULL) AS all_failed, max(c.last_checked_at) AS failed_at,
           (array_agg(c.error_message ORDER BY c.last_checked_at DESC))[1] AS error
    FROM backup_copies c JOIN backups own ON own.id = c.backup_id
    WHERE own.label = {} AND c.state = 'completed') AS copies
  WHERE b.label = {} AND copies.all_failed
    AND copies.failed_at >= coalesce(b.verified_at, '-infinity')
    AND (b.verified OR b.verified_at IS NULL OR b.verification_result_json ? 'proven_at'))",
                     label_of_event, label_of_event);
}

// The way back, when a copy is sound again: what the last verification of the backup itself said,
// or what stood there before, counts again. Rows of an older bkp do not say `proven_at`.
std::string trust_backup_again() {
  return fmt::format(R"(
  UPDATE backups b SET
    verified = coalesce(last.success, proven.at IS NOT NULL),
    verified_at = coalesce(last.finished_at, proven.at),
    verification_result_json = last.result
  FROM event, backups own
  LEFT JOIN LATERAL (
    SELECT v.success, v.finished_at,
           to_jsonb(v) - 'id' - 'backup_id' - 'run_id' AS result
    FROM verifications v
    WHERE v.backup_label = own.label AND NOT {} AND NOT {}
    ORDER BY v.finished_at DESC, v.id DESC LIMIT 1) AS last ON true
  CROSS JOIN LATERAL (
    SELECT (own.verification_result_json->>'proven_at')::timestamptz AS at) AS proven
  WHERE own.id = b.id AND b.label = {} AND NOT b.verified
    AND (b.verification_result_json ? 'proven_at'
         OR b.verification_result_json->>'level' = 'checksum')
    AND EXISTS (SELECT FROM backup_copies c WHERE c.backup_id = b.id AND c.state = 'completed'
                AND c.error_message IS NULL))",
                     about_copy("v"), about_page("v"), label_of_event);
}

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

constexpr auto complete_backup = R"(
  UPDATE backups b SET error_message = NULL,
                       status_id = (SELECT id FROM job_statuses WHERE name = 'completed')
  FROM event WHERE b.label = data->>'label'
    AND b.status_id = (SELECT id FROM job_statuses WHERE name = 'partial')
    AND NOT EXISTS (SELECT FROM backup_copies c WHERE c.backup_id = b.id AND c.state = 'failed'
                    AND data->'required' ? c.store))";

constexpr auto confirm_export = R"(
  UPDATE backups b SET confirmed_at = greatest(b.confirmed_at, (data->>'at')::timestamptz)
  FROM event WHERE b.label = data->>'label')";

constexpr auto sample_usage = R"(
  INSERT INTO store_usage (store, url, used_bytes, objects, capacity_bytes, available_bytes,
                           alert_state, full_at, sampled_at, run_id)
  SELECT e.*, (SELECT id FROM runs WHERE run_key = event.run_key)
  FROM event, jsonb_to_record(data) AS e(
    store text, url text, used_bytes bigint, objects bigint, capacity_bytes bigint,
    available_bytes bigint, alert_state text, full_at timestamptz, sampled_at timestamptz))";

// A check that was entered late does not replace a later one.
constexpr auto save_asset_checks = R"(
  INSERT INTO asset_checks AS a (name, path, asset_id, state, expected_sha256, actual_sha256,
                                 size_bytes, error_message, checked_at, since, run_id)
  SELECT data->>'name', e.*, e.checked_at, (SELECT id FROM runs WHERE run_key = event.run_key)
  FROM event, jsonb_to_recordset(data->'assets') AS e(
    path text, asset_id text, state text, expected_sha256 text, actual_sha256 text,
    size_bytes bigint, error_message text, checked_at timestamptz)
  ON CONFLICT (name, path) DO UPDATE SET
    asset_id = excluded.asset_id, state = excluded.state,
    expected_sha256 = excluded.expected_sha256, actual_sha256 = excluded.actual_sha256,
    size_bytes = excluded.size_bytes, error_message = excluded.error_message,
    checked_at = excluded.checked_at, run_id = excluded.run_id,
    since = CASE WHEN a.state = excluded.state THEN a.since ELSE excluded.since END
  WHERE excluded.checked_at >= a.checked_at)";

constexpr auto drop_section_of_assets = R"(
  DELETE FROM asset_checks USING event WHERE name = data->>'name' AND NOT data ? 'paths')";

constexpr auto drop_assets = R"(
  DELETE FROM asset_checks a USING event, jsonb_array_elements_text(data->'paths') AS gone (path)
  WHERE a.name = data->>'name' AND a.path = gone.path)";

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
       {on_event(import_backup()), on_event(save_copies), on_event(adopt_verifications),
        on_event(doubt_backup()), on_event(trust_backup_again())}},
      {kind::verified,
       {on_event(insert_verification), on_event(mark_verified()), on_event(mark_copy_checked()),
        on_event(doubt_backup()), on_event(trust_backup_again())}},
      {kind::hold_set, {on_event(set_hold)}},
      {kind::copy_purged, {on_event(purge_copy), on_event(purge_backup)}},
      {kind::copies_made, {on_event(complete_backup)}},
      {kind::export_confirmed, {on_event(confirm_export)}},
      {kind::usage_sampled, {on_event(sample_usage)}},
      {kind::assets_checked, {on_event(save_asset_checks)}},
      {kind::assets_dropped, {on_event(drop_section_of_assets), on_event(drop_assets)}},
      {kind::audited, {on_event(write_audit)}},
  };
  const auto found = all.find(kind);
  if (found != all.end()) return found->second;
  throw util::Error{util::ErrorKind::damaged,
                    fmt::format("{} is no kind of event this version knows", util::quoted(kind)),
                    "was it written by a newer bkp? then deliver it with that one"};
}

}  // namespace bkp::catalog
