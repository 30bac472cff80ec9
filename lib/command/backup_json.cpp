#include "command/backup_json.hpp"

#include <optional>

#include "catalog/time_text.hpp"
#include "util/text.hpp"

namespace bkp::command {

using nlohmann::json;

namespace {

json time_json(const std::optional<util::Time>& time) {
  return time ? json(catalog::time_text(*time)) : json{};
}

// JSON is UTF-8; the name of a LATIN1 database read from a store may not be.
json name_json(const std::optional<std::string>& name) {
  if (!name) return {};
  return util::is_valid_utf8(*name) ? *name : util::printable(*name);
}

}  // namespace

json backup_json(const catalog::BackupRecord& backup) {
  auto copies = json::array();
  for (const auto& copy : backup.copies) {
    copies.push_back({{"store", copy.store}, {"state", copy.state}, {"damaged", copy.damaged()}});
  }
  return {
      {"id", backup.id == 0 ? json{} : json(backup.id)},
      {"label", backup.label},
      {"backup_type", backup.backup_type},
      {"method", backup.method},
      {"database_name", name_json(backup.database_name)},
      {"status", backup.status},
      {"size_bytes", backup.size_bytes},
      {"original_bytes", backup.original_bytes},
      {"started_at", catalog::time_text(backup.started_at)},
      {"completed_at", time_json(backup.completed_at)},
      {"verified", backup.verified},
      {"verified_at", time_json(backup.verified_at)},
      {"export_version", backup.export_version ? json(*backup.export_version) : json{}},
      {"confirmed_at", time_json(backup.confirmed_at)},
      {"held_until", time_json(backup.held_until)},
      {"error_message", backup.error_message.empty() ? json{} : json(backup.error_message)},
      {"copies", std::move(copies)},
  };
}

json backups_json(const std::vector<catalog::BackupRecord>& backups) {
  auto all = json::array();
  for (const auto& backup : backups) all.push_back(backup_json(backup));
  return all;
}

nlohmann::json copied_json(const backup::BroughtCopy& copy) {
  return {{"label", copy.label},
          {"from", copy.from},
          {"to", copy.to},
          {"mended", copy.mended},
          {"replaced", copy.replaced}};
}

}  // namespace bkp::command
