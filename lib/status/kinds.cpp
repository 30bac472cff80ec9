#include "status/kinds.hpp"

#include <algorithm>

namespace bkp::status {

using catalog::BackupRecord;

namespace {

bool is_physical(const BackupRecord& backup) {
  return backup.method == "base" || backup.method == "pages";
}

/// Whether a backup is of the kind; a base backup is as good as an incremental one.
bool counts_for(const BackupRecord& backup, const Kind& kind) {
  if (kind.kind == "dump") return backup.method == "dump" && backup.database_name == kind.database;
  if (kind.kind == "base") return backup.method == "base";
  if (kind.kind == "incremental") return is_physical(backup);
  return backup.backup_type == kind.kind;
}

/// An export that was found again is as good as one of that time.
GoodBackup good_of(const BackupRecord& backup) {
  return {backup.label, std::max(backup.started_at, backup.confirmed_at.value_or(Time{})),
          backup.size_bytes};
}

/// The run of a full backup takes its databases one after the other.
bool is_on_its_way(const Kind& kind, const std::set<std::string>& running) {
  return running.contains("full") || (kind.kind == "incremental" && running.contains("incr"));
}

void fill(Kind& kind, const std::vector<BackupRecord>& newest_first, Time now) {
  for (const auto& backup : newest_first) {
    if (!counts_for(backup, kind)) continue;
    if (backup.status == catalog::status::running) kind.being_made = true;
    if (!backup.good()) continue;
    if (!kind.good) kind.good = good_of(backup);
    if (!backup.verified || !backup.verified_at) continue;
    if (!kind.verified) kind.verified = good_of(backup);
    kind.verified_at =
        std::max(kind.verified_at.value_or(*backup.verified_at), *backup.verified_at);
  }
  const auto at = kind.good ? std::optional{kind.good->at} : std::nullopt;
  kind.level = level_of_age(at, now, kind.ages);
  // The next one is on its way: as bad as it was a minute ago.
  if (kind.being_made && kind.good) kind.level = std::min(kind.level, Level::yellow);
  // That nothing is proven yet is no emergency.
  kind.verified_level =
      kind.verified_at ? level_of_age(kind.verified_at, now, kind.verified_ages) : Level::yellow;
}

}  // namespace

std::vector<Kind> kinds_of(const std::vector<BackupRecord>& newest_first,
                           const std::vector<std::string>& databases, const Expectations& expected,
                           const config::Status& settings, Time now) {
  std::vector<Kind> kinds;
  const auto add = [&](std::string name, std::optional<std::string> database) {
    Kind kind;
    kind.ages = settings.ages_of(name);
    kind.verified_ages = settings.ages_of("verified");
    kind.kind = std::move(name);
    kind.database = std::move(database);
    kind.being_made = is_on_its_way(kind, expected.running);
    fill(kind, newest_first, now);
    kinds.push_back(std::move(kind));
  };
  for (const auto& database : databases) {
    const bool is_there = std::ranges::any_of(newest_first, [&](const BackupRecord& backup) {
      return backup.good() && backup.database_name == database;
    });
    if (is_there || expected.kinds.contains("dump")) add("dump", database);
  }
  for (const auto* const name : {"base", "incremental", "config", "files", "redis"}) {
    const std::string kind = name;
    const bool is_there = std::ranges::any_of(newest_first, [&](const BackupRecord& backup) {
      return backup.good() && (kind == "incremental" ? backup.method == "pages"
                               : kind == "base"      ? backup.method == "base"
                                                     : backup.backup_type == kind);
    });
    if (is_there || expected.kinds.contains(kind)) add(kind, std::nullopt);
  }
  return kinds;
}

}  // namespace bkp::status
