#include "backup/selection.hpp"

#include <charconv>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view latest = "latest";

template <class Integer>
std::optional<Integer> whole_number(std::string_view text) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

const BackupRecord& select_latest(const std::vector<BackupRecord>& backups, std::string_view name) {
  std::size_t back = 0;
  if (name != latest) {
    const auto number = whole_number<std::size_t>(name.substr(latest.size() + 1));
    if (!number) {
      throw Error{ErrorKind::not_found, fmt::format("{} names no backup", util::quoted(name)),
                  "write latest, or latest~N for the Nth before it"};
    }
    back = *number;
  }
  std::size_t good = 0;
  for (const auto& backup : backups) {
    if (backup.good() && good++ == back) return backup;
  }
  throw Error{ErrorKind::not_found,
              good == 0
                  ? std::string{"there is no good backup yet"}
                  : fmt::format("{} reaches too far back: there are {} good backups", name, good),
              "`bkp list` shows what there is; --db and --type narrow it"};
}

/// Of the configuration: "v7".
const BackupRecord* find_version(const std::vector<BackupRecord>& backups, std::string_view name) {
  const auto version =
      name.starts_with('v') ? whole_number<int>(name.substr(1)) : std::optional<int>{};
  if (!version) return nullptr;
  const auto found = std::ranges::find(backups, version, &BackupRecord::export_version);
  if (found != backups.end()) return &*found;
  throw Error{ErrorKind::not_found, fmt::format("there is no version {}", util::quoted(name)),
              "`bkp list --type config` shows those there are"};
}

const BackupRecord& select_prefix(const std::vector<BackupRecord>& backups, std::string_view name) {
  const BackupRecord* found = nullptr;
  std::string others;
  int matches = 0;
  for (const auto& backup : backups) {
    if (backup.label == name) return backup;
    if (!backup.label.starts_with(name)) continue;
    found = &backup;
    constexpr int listed = 5;
    if (++matches <= listed) others += (others.empty() ? "" : ", ") + backup.label;
    if (matches == listed + 1) others += ", …";
  }
  if (matches == 1) return *found;
  if (matches == 0) {
    throw Error{ErrorKind::not_found, fmt::format("there is no backup {}", util::quoted(name)),
                "`bkp list` shows labels and ids"};
  }
  throw Error{
      ErrorKind::not_found,
      fmt::format("{} is the beginning of {} labels: {}", util::quoted(name), matches, others),
      "write more of the label"};
}

}  // namespace

bool matches(const BackupRecord& backup, const catalog::BackupFilter& filter) {
  return (!filter.backup_type || backup.backup_type == *filter.backup_type) &&
         (!filter.database || backup.database_name == *filter.database) &&
         (!filter.since || backup.started_at >= *filter.since) &&
         (!filter.until || backup.started_at < *filter.until) &&
         (!filter.status || backup.status == *filter.status) &&
         (!filter.verified || backup.verified == *filter.verified) &&
         (!filter.copy_failed_on || backup.copy_failed_on(*filter.copy_failed_on)) &&
         (filter.include_purged || backup.status != catalog::status::purged);
}

bool answers_to(const BackupRecord& backup, std::string_view name) {
  return backup.label.starts_with(name) || whole_number<std::int64_t>(name) == backup.id;
}

const BackupRecord& select_backup(const std::vector<BackupRecord>& newest_first,
                                  std::string_view name) {
  if (name == latest || name.starts_with("latest~")) return select_latest(newest_first, name);
  if (const auto id = whole_number<std::int64_t>(name)) {
    for (const auto& backup : newest_first) {
      if (backup.id == *id) return backup;
    }
  }
  if (name.empty())
    throw Error{ErrorKind::not_found, "the backup's name is empty",
                "write latest, an id or a label"};
  if (const auto* version = find_version(newest_first, name)) return *version;
  return select_prefix(newest_first, name);
}

}  // namespace bkp::backup
