#include "catalog/records.hpp"

#include <fmt/format.h>

#include "catalog/time_text.hpp"
#include "util/error.hpp"

namespace bkp::catalog {

using nlohmann::json;

namespace {

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

template <class Value>
json value_or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json time_or_null(const std::optional<Time>& time) {
  return time ? json(time_text(*time)) : json();
}

json time_or_null(Time time) {
  return time == Time{} ? json() : json(time_text(time));
}

json to_json(const CopyRecord& copy) {
  return {{"store", copy.store},
          {"url", copy.url},
          {"state", copy.state},
          {"size_bytes", copy.size_bytes},
          {"checksum_sha256", text_or_null(copy.checksum_sha256)},
          {"completed_at", time_or_null(copy.completed_at)},
          {"last_checked_at", time_or_null(copy.last_checked_at)},
          {"error_message", text_or_null(copy.error_message)}};
}

/// Takes values out of an object by name; null and absent are the same.
class Reader {
 public:
  explicit Reader(const json& object) : m_object{object} {
    object.get_ref<const json::object_t&>();  // throws when it is none
  }
  void read(const char* key, Time& target) const {
    if (const auto* value = find(key))
      target = time_from_text(value->get_ref<const std::string&>());
  }
  template <class Value>
  void read(const char* key, Value& target) const {
    if (const auto* value = find(key)) value->get_to(target);
  }
  template <class Value>
  void read(const char* key, std::optional<Value>& target) const {
    if (find(key) == nullptr) return;
    Value value{};
    read(key, value);
    target = std::move(value);
  }
  const json* find(const char* key) const {
    const auto found = m_object.find(key);
    return found == m_object.end() || found->is_null() ? nullptr : &*found;
  }

 private:
  const json& m_object;
};

CopyRecord copy_from_json(const json& object) {
  const Reader reader{object};
  CopyRecord copy;
  reader.read("store", copy.store);
  reader.read("url", copy.url);
  reader.read("state", copy.state);
  reader.read("size_bytes", copy.size_bytes);
  reader.read("checksum_sha256", copy.checksum_sha256);
  reader.read("completed_at", copy.completed_at);
  reader.read("last_checked_at", copy.last_checked_at);
  reader.read("error_message", copy.error_message);
  return copy;
}

void read_identity(const Reader& reader, BackupRecord& backup) {
  reader.read("id", backup.id);
  reader.read("label", backup.label);
  reader.read("backup_type", backup.backup_type);
  reader.read("method", backup.method);
  reader.read("database_name", backup.database_name);
  reader.read("parent_id", backup.parent_id);
  reader.read("parent_label", backup.parent_label);
  reader.read("destination", backup.destination);
  reader.read("file_path", backup.file_path);
  reader.read("size_bytes", backup.size_bytes);
  reader.read("original_bytes", backup.original_bytes);
  reader.read("checksum_md5", backup.checksum_md5);
  reader.read("checksum_sha256", backup.checksum_sha256);
  reader.read("start_lsn", backup.start_lsn);
  reader.read("stop_lsn", backup.stop_lsn);
  reader.read("timeline", backup.timeline);
  reader.read("export_version", backup.export_version);
  reader.read("triggered_by", backup.triggered_by);
  reader.read("run_id", backup.run_id);
}

void read_life(const Reader& reader, BackupRecord& backup) {
  reader.read("status_id", backup.status_id);
  reader.read("status", backup.status);
  reader.read("started_at", backup.started_at);
  reader.read("completed_at", backup.completed_at);
  reader.read("confirmed_at", backup.confirmed_at);
  reader.read("verified", backup.verified);
  reader.read("verified_at", backup.verified_at);
  if (const auto* result = reader.find("verification_result_json")) {
    backup.verification_result = *result;
  }
  reader.read("error_message", backup.error_message);
  reader.read("held_until", backup.held_until);
  reader.read("hold_reason", backup.hold_reason);
  reader.read("purged_at", backup.purged_at);
  reader.read("created_at", backup.created_at);
  reader.read("updated_at", backup.updated_at);
}

}  // namespace

const CopyRecord* BackupRecord::copy_on(std::string_view store) const {
  const auto found = std::ranges::find(copies, store, &CopyRecord::store);
  return found == copies.end() ? nullptr : &*found;
}

const CopyRecord* BackupRecord::complete_copy_on(std::string_view store) const {
  const auto* copy = copy_on(store);
  return copy != nullptr && copy->state == status::completed ? copy : nullptr;
}

bool BackupRecord::copy_failed_on(std::string_view store) const {
  const auto* copy = copy_on(store);
  return copy != nullptr && copy->state == status::failed;
}

std::string BackupRecord::verification_error() const {
  if (!failed_verification() || !verification_result.is_object()) return {};
  const auto errors = verification_result.find("errors");
  if (errors == verification_result.end() || !errors->is_array() || errors->empty()) return {};
  return errors->front().is_string() ? errors->front().get<std::string>() : std::string{};
}

json to_json(const BackupRecord& backup) {
  json copies = json::array();
  for (const auto& copy : backup.copies) copies.push_back(to_json(copy));
  return {{"id", backup.id},
          {"label", backup.label},
          {"backup_type", backup.backup_type},
          {"method", backup.method},
          {"database_name", value_or_null(backup.database_name)},
          {"parent_id", value_or_null(backup.parent_id)},
          {"parent_label", value_or_null(backup.parent_label)},
          {"destination", text_or_null(backup.destination)},
          {"file_path", text_or_null(backup.file_path)},
          {"size_bytes", backup.size_bytes},
          {"original_bytes", backup.original_bytes},
          {"checksum_md5", text_or_null(backup.checksum_md5)},
          {"checksum_sha256", text_or_null(backup.checksum_sha256)},
          {"status_id", backup.status_id == 0 ? json() : json(backup.status_id)},
          {"status", backup.status},
          {"started_at", time_text(backup.started_at)},
          {"completed_at", time_or_null(backup.completed_at)},
          {"start_lsn", value_or_null(backup.start_lsn)},
          {"stop_lsn", value_or_null(backup.stop_lsn)},
          {"timeline", value_or_null(backup.timeline)},
          {"export_version", value_or_null(backup.export_version)},
          {"confirmed_at", time_or_null(backup.confirmed_at)},
          {"verified", backup.verified},
          {"verified_at", time_or_null(backup.verified_at)},
          {"verification_result_json", backup.verification_result},
          {"error_message", text_or_null(backup.error_message)},
          {"triggered_by", backup.triggered_by},
          {"held_until", time_or_null(backup.held_until)},
          {"hold_reason", text_or_null(backup.hold_reason)},
          {"purged_at", time_or_null(backup.purged_at)},
          {"run_id", value_or_null(backup.run_id)},
          {"created_at", time_or_null(backup.created_at)},
          {"updated_at", time_or_null(backup.updated_at)},
          {"copies", std::move(copies)}};
}

BackupRecord backup_from_json(const json& object) try {
  const Reader reader{object};
  BackupRecord backup;
  read_identity(reader, backup);
  read_life(reader, backup);
  if (const auto* copies = reader.find("copies")) {
    for (const auto& copy : *copies) backup.copies.push_back(copy_from_json(copy));
  }
  return backup;
} catch (const json::exception& error) {
  throw util::Error{util::ErrorKind::damaged,
                    fmt::format("this is no record of a backup: {}", error.what())};
}

json to_json(const VerificationRecord& verification) {
  return {{"id", verification.id},
          {"backup_label", verification.backup_label},
          {"level", verification.level},
          {"store", text_or_null(verification.store)},
          {"success", verification.success},
          {"restore_duration_seconds", verification.restore_duration_seconds},
          {"validation_queries_passed", verification.validation_queries_passed},
          {"validation_queries_total", verification.validation_queries_total},
          {"coverage", verification.coverage},
          {"errors", verification.errors},
          {"started_at", time_text(verification.started_at)},
          {"finished_at", time_text(verification.finished_at)}};
}

json to_json(const StoreUsage& usage) {
  return {{"store", usage.store},
          {"url", usage.url},
          {"used_bytes", usage.used_bytes},
          {"objects", usage.objects},
          {"capacity_bytes", value_or_null(usage.capacity_bytes)},
          {"available_bytes", value_or_null(usage.available_bytes)},
          {"alert_state", usage.alert_state},
          {"full_at", time_or_null(usage.full_at)},
          {"sampled_at", time_text(usage.sampled_at)}};
}

json to_json(const AssetCheck& check) {
  return {{"path", check.path},
          {"asset_id", text_or_null(check.asset_id)},
          {"state", check.state},
          {"expected_sha256", text_or_null(check.expected_sha256)},
          {"actual_sha256", text_or_null(check.actual_sha256)},
          {"size_bytes", value_or_null(check.size_bytes)},
          {"error_message", text_or_null(check.error_message)},
          {"checked_at", time_text(check.checked_at)}};
}

json to_json(const RunRecord& run) {
  return {{"id", run.id},
          {"command", run.command},
          {"arguments", run.arguments},
          {"user_name", text_or_null(run.user_name)},
          {"host", text_or_null(run.host)},
          {"pid", run.pid},
          {"triggered_by", run.triggered_by},
          {"version", text_or_null(run.version)},
          {"started_at", time_text(run.started_at)},
          {"finished_at", time_or_null(run.finished_at)},
          {"status", run.status},
          {"exit_code", value_or_null(run.exit_code)},
          {"error_message", text_or_null(run.error_message)},
          {"bytes", run.bytes},
          {"schedule_id", value_or_null(run.schedule_id)},
          {"due_at", time_or_null(run.due_at)}};
}

json to_json(const AuditRecord& record) {
  return {{"action", record.action},
          {"subject", text_or_null(record.subject)},
          {"confirmation", text_or_null(record.confirmation)},
          {"details", record.details},
          {"at", time_text(record.at)}};
}

}  // namespace bkp::catalog
