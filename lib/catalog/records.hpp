#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/clock.hpp"

namespace bkp::catalog {

using util::Time;

/// The end of what has no end, as a hold until released: near the last time a Time can hold, and
/// the year 9999 in the database and in JSON. Everything later counts as this.
inline constexpr Time forever = std::chrono::sys_days{std::chrono::year{2262} / 1 / 1};

/// Names of job_statuses.
namespace status {
inline constexpr auto pending = "pending";
inline constexpr auto running = "running";
inline constexpr auto completed = "completed";
inline constexpr auto partial = "partial";
inline constexpr auto failed = "failed";
inline constexpr auto cancelled = "cancelled";
inline constexpr auto purged = "purged";
}  // namespace status

/// One row of backup_copies: the backup on one store.
struct CopyRecord {
  std::string store;
  std::string url;    ///< without secrets
  std::string state;  ///< a job_statuses name: running, completed, failed, purged
  std::int64_t size_bytes = 0;
  std::string checksum_sha256;  ///< of the manifest
  std::optional<Time> completed_at;
  std::optional<Time> last_checked_at;
  std::string error_message;  ///< why it was not completed, or why its last check failed

  /// It was completed, and the last check of its bytes failed.
  bool damaged() const { return state == status::completed && !error_message.empty(); }
  /// It was completed, and nothing is known against it.
  bool sound() const { return state == status::completed && error_message.empty(); }
};

/// One row of backups with its copies. Columns as in the data model; sizes in bytes.
struct BackupRecord {
  std::int64_t id = 0;  ///< 0 = not (yet) in the catalog
  std::string label;
  std::string backup_type;  ///< full, incremental, config, wal, files, redis
  std::string method;       ///< dump, base, pages, archive, tree, rdb
  std::optional<std::string> database_name;
  std::optional<std::int64_t> parent_id;  ///< set by reading; saved from parent_label
  std::optional<std::string> parent_label;
  std::string destination;
  std::string file_path;
  std::int64_t size_bytes = 0;
  std::int64_t original_bytes = 0;
  std::string checksum_md5;
  std::string checksum_sha256;
  std::int64_t status_id = 0;  ///< set by reading; saved from status
  std::string status;
  Time started_at;
  std::optional<Time> completed_at;
  std::optional<std::string> start_lsn;
  std::optional<std::string> stop_lsn;
  std::optional<int> timeline;
  std::optional<int> export_version;  ///< of a config export: grows by one with each
  std::optional<Time> confirmed_at;   ///< when a later config export last found the very same
  bool verified = false;
  std::optional<Time> verified_at;
  nlohmann::json verification_result;  ///< null when never verified; "errors" when that failed
  std::string error_message;
  std::string triggered_by = "manual";
  std::optional<Time> held_until;  ///< a hold without end: `forever`
  std::string hold_reason;
  std::optional<Time> purged_at;
  std::optional<std::int64_t> run_id;
  Time created_at;
  Time updated_at;
  std::vector<CopyRecord> copies;

  /// The copy on a store, whatever its state; nullptr when there is none.
  const CopyRecord* copy_on(std::string_view store) const;
  /// The same where it was completed there, damaged or not.
  const CopyRecord* complete_copy_on(std::string_view store) const;
  /// A run tried to write it there, and could not.
  bool copy_failed_on(std::string_view store) const;
  /// Complete on at least one store: what may be restored.
  bool good() const { return status == status::completed || status == status::partial; }
  /// Its last verification failed, or a check of every copy did.
  bool failed_verification() const { return !verified && verified_at.has_value(); }
  /// The first thing that was wrong then; empty when that is not known, or nothing failed.
  std::string verification_error() const;
};

struct VerificationRecord {
  std::int64_t id = 0;
  std::string backup_label;
  std::string level;  ///< checksum, restore, drill
  std::string store;
  bool success = false;
  double restore_duration_seconds = 0;
  int validation_queries_passed = 0;
  int validation_queries_total = 0;
  nlohmann::json coverage;
  std::vector<std::string> errors;
  Time started_at;
  Time finished_at;
};

struct StoreUsage {
  std::string store;
  std::string url;
  std::int64_t used_bytes = 0;  ///< by this site's objects
  std::int64_t objects = 0;
  std::optional<std::int64_t> capacity_bytes;
  std::optional<std::int64_t> available_bytes;
  std::string alert_state = "ok";  ///< ok, alert
  std::optional<Time> full_at;     ///< forecast
  Time sampled_at;
};

/// A run that `bkp schedule run-due` has begun: it has a row, which is `pending`, before it has a
/// process.
struct ScheduledRun {
  std::string run_key;  ///< UUID
  std::int64_t schedule_id = 0;
  Time due_at;
  bool operator==(const ScheduledRun&) const = default;
};

struct RunRecord {
  std::int64_t id = 0;
  std::string command;
  std::vector<std::string> arguments;
  std::string user_name;
  std::string host;
  int pid = 0;
  std::string triggered_by;
  std::string version;
  Time started_at;
  std::optional<Time> finished_at;
  std::string status;
  std::optional<int> exit_code;
  std::string error_message;
  std::int64_t bytes = 0;
  std::optional<std::int64_t> schedule_id;  ///< of a ScheduledRun, as is due_at
  std::optional<Time> due_at;
};

/// One row of asset_checks: what was found of an asset when it was last looked at.
struct AssetCheck {
  std::string path;      ///< as the site's database has it
  std::string asset_id;  ///< likewise; empty: none is asked for
  std::string state;     ///< ok, missing, corrupt, unreadable
  std::string expected_sha256;
  std::string actual_sha256;  ///< empty where the contents were not read
  std::optional<std::int64_t> size_bytes;
  std::string error_message;
  Time checked_at;
  std::optional<Time> since;  ///< set by reading
};

/// What asset_checks say of a section.
struct AssetCounts {
  std::string section;
  std::int64_t known = 0;       ///< assets that were looked at
  std::int64_t never_read = 0;  ///< of those that are ok and have a checksum
  std::int64_t missing = 0;
  std::int64_t corrupt = 0;
  std::int64_t unreadable = 0;
  std::optional<Time> fault_since;  ///< the oldest of these
  Time checked_at;                  ///< the last of all
};

struct AuditRecord {
  std::string action;             ///< restore, restore.refused, prune, hold, release, verify, …
  std::string subject;            ///< label, database, store
  std::string confirmation = {};  ///< what was typed or passed with --yes; empty if none was asked
  nlohmann::json details;
  Time at;
};

/// Every column of the data model under its name, and `copies`, `parent_label`, `status`. Empty
/// texts and unset times are null; times are RFC 3339 with as many digits of a second as there are.
nlohmann::json to_json(const BackupRecord& backup);
/// The inverse; unknown keys are ignored, missing ones leave the default. Throws Error{damaged}.
BackupRecord backup_from_json(const nlohmann::json& object);

nlohmann::json to_json(const VerificationRecord& verification);
nlohmann::json to_json(const StoreUsage& usage);
nlohmann::json to_json(const AssetCheck& check);
nlohmann::json to_json(const RunRecord& run);
nlohmann::json to_json(const AuditRecord& record);

}  // namespace bkp::catalog
