#include "backup/repository.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backup/signature.hpp"
#include "backup/site_file.hpp"
#include "stream/hash.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using catalog::BackupRecord;

std::optional<StoredBackup> read_backup(store::Store& store, const Layout& layout,
                                        const std::string& label, const run::ReadingKeys* keys) {
  const store::Key key = layout.manifest(label);
  const auto text = store::get_text(store, key);
  if (!text) return std::nullopt;
  if (keys != nullptr) require_signature(store, layout, label, *text, *keys);
  StoredBackup backup;
  backup.manifest = parse_manifest(*text, key.text(), layout.site(), label);
  const auto digests = stream::digests_of(*text);
  backup.manifest_sha256 = digests.sha256;
  backup.manifest_md5 = digests.md5;
  backup.marks = read_marks(store, layout, label);
  return backup;
}

std::vector<StoredBackup> scan_store(store::Store& store, const Layout& layout,
                                     std::vector<std::string>& problems,
                                     const run::ReadingKeys* keys) {
  std::vector<StoredBackup> backups;
  for (const auto& object : store.list(layout.backups())) {
    const std::string label = layout.label_of(object.key);
    if (label.empty() || object.key != layout.manifest(label).text()) continue;
    try {
      auto backup = read_backup(store, layout, label, keys);
      if (!backup) continue;
      std::ranges::copy(backup->marks.unreadable, std::back_inserter(problems));
      backups.push_back(std::move(*backup));
    } catch (const util::Error& error) {
      if (error.kind() != util::ErrorKind::damaged) throw;
      problems.push_back(error.full_message());
    }
  }
  return backups;
}

namespace {

nlohmann::json failure(const MarkState& marks) {
  return {{"success", false}, {"errors", nlohmann::json::array({marks.verification_error})}};
}

}  // namespace

void note_properties(BackupRecord& record, const Manifest& manifest) {
  if (manifest.config) record.export_version = manifest.config->version;
  if (!manifest.physical) return;
  if (manifest.parent) record.parent_label = manifest.parent->label;
  record.start_lsn = pg::to_text(manifest.physical->start);
  record.stop_lsn = pg::to_text(manifest.physical->stop);
  record.timeline = static_cast<int>(manifest.physical->timeline);
}

BackupRecord to_record(const StoredBackup& backup, const Layout& layout,
                       const std::string& store_name, const std::string& store_url) {
  const Manifest& manifest = backup.manifest;
  BackupRecord record;
  record.label = manifest.label;
  record.backup_type = manifest.backup_type;
  record.method = manifest.method;
  if (!manifest.database.name.empty()) record.database_name = manifest.database.name;
  note_properties(record, manifest);
  record.destination = store_url;
  record.file_path = layout.manifest(manifest.label).text();
  record.size_bytes = static_cast<std::int64_t>(manifest.size_bytes());
  record.original_bytes = static_cast<std::int64_t>(manifest.original_bytes());
  record.checksum_md5 = backup.manifest_md5;
  record.checksum_sha256 = backup.manifest_sha256;
  record.status = catalog::status::completed;
  record.started_at = manifest.started_at;
  record.completed_at = manifest.completed_at;
  record.verified = backup.marks.verified;
  record.verified_at = backup.marks.verified_at;
  if (record.failed_verification()) record.verification_result = failure(backup.marks);
  record.held_until = backup.marks.held_until;
  record.hold_reason = backup.marks.hold_reason;
  record.triggered_by = manifest.triggered_by;
  record.created_at = manifest.started_at;
  record.updated_at = manifest.completed_at;
  catalog::CopyRecord copy;
  copy.store = store_name;
  copy.url = store_url;
  copy.state = catalog::status::completed;
  copy.size_bytes = record.size_bytes;
  copy.checksum_sha256 = backup.manifest_sha256;
  copy.completed_at = manifest.completed_at;
  copy.last_checked_at = backup.marks.checked_at;
  copy.error_message = backup.marks.copy_error;
  record.copies.push_back(std::move(copy));
  return record;
}

void doubt_if_no_copy_is_sound(BackupRecord& record) {
  const catalog::CopyRecord* last = nullptr;
  for (const auto& copy : record.copies) {
    if (copy.sound()) return;
    if (!copy.damaged() || !copy.last_checked_at) continue;
    if (last == nullptr || *copy.last_checked_at > *last->last_checked_at) last = &copy;
  }
  if (last == nullptr || (record.verified_at && *record.verified_at > *last->last_checked_at)) {
    return;
  }
  record.verified = false;
  record.verified_at = last->last_checked_at;
  record.verification_result = {{"level", "checksum"},
                                {"success", false},
                                {"errors", nlohmann::json::array({last->error_message})}};
}

void take_over_marks(BackupRecord& record, const BackupRecord& other) {
  if (other.held_until && (!record.held_until || *other.held_until > *record.held_until)) {
    record.held_until = other.held_until;
    record.hold_reason = other.hold_reason;
  }
  if (other.verified_at && (!record.verified_at || *other.verified_at > *record.verified_at)) {
    record.verified = other.verified;
    record.verified_at = other.verified_at;
    record.verification_result = other.verification_result;
  }
}

namespace {

std::vector<BackupRecord> list_from_stores(run::Context& context,
                                           const catalog::BackupFilter& filter) {
  const Layout layout{context.config.site};
  const auto opened = open_stores_of_site(context);
  if (opened.stores.empty()) throw opened.failures.at(0).error;
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("store {} cannot be read: {}", util::quoted(failure.name),
                             failure.error.message()));
  }
  std::map<std::string, BackupRecord> by_label;
  for (const auto& named : opened.stores) {
    std::vector<std::string> problems;
    for (const auto& backup : scan_store(*named.store, layout, problems)) {
      BackupRecord record = to_record(backup, layout, named.name, named.store->url());
      const auto [position, is_new] = by_label.try_emplace(record.label, record);
      if (is_new) continue;
      position->second.copies.push_back(record.copies.at(0));
      take_over_marks(position->second, record);
    }
    for (const auto& problem : problems) context.warn(problem);
  }
  std::vector<BackupRecord> backups;
  for (auto& [label, record] : by_label) {
    doubt_if_no_copy_is_sound(record);
    if (matches(record, filter)) backups.push_back(std::move(record));
  }
  std::stable_sort(backups.begin(), backups.end(),
                   [](const auto& a, const auto& b) { return a.started_at > b.started_at; });
  return backups;
}

}  // namespace

std::vector<BackupRecord> list_backups(run::Context& context, const catalog::BackupFilter& filter) {
  try {
    return context.open_catalog().backups(filter);
  } catch (const util::Error& error) {
    const bool out_of_reach =
        error.kind() == util::ErrorKind::database || error.kind() == util::ErrorKind::key;
    if (!out_of_reach) throw;
    context.warn_of_outage(error, "what backups there are is asked of the stores");
  }
  return list_from_stores(context, filter);
}

}  // namespace bkp::backup
