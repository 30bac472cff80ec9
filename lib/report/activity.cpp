#include "report/activity.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "retention/usage.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::report {

using catalog::BackupRecord;
using nlohmann::json;
using util::Time;

namespace {

std::string name_of(const BackupRecord& backup) {
  if (backup.database_name)
    return fmt::format("database {}", util::printable(*backup.database_name));
  if (backup.method == "base" || backup.method == "pages")
    return fmt::format("the cluster ({})", backup.backup_type);
  return util::printable(backup.backup_type);
}

std::vector<Activity::Newest> newest_of_each(const std::vector<BackupRecord>& newest_first) {
  std::map<std::string, Activity::Newest> newest;
  for (const auto& backup : newest_first) {
    if (!backup.good() || !backup.completed_at) continue;
    newest.try_emplace(name_of(backup),
                       Activity::Newest{name_of(backup), backup.label, *backup.completed_at,
                                        backup.verified ? backup.verified_at : std::nullopt});
  }
  std::vector<Activity::Newest> result;
  for (auto& [name, one] : newest) result.push_back(std::move(one));
  return result;
}

std::vector<Activity::Runs> runs_since(catalog::Catalog& catalog, Time since) {
  const auto found = catalog.connection().exec(
      "SELECT command, status, count(*)::integer FROM runs "
      "WHERE started_at >= $1::timestamptz AND status NOT IN ('pending', 'running') "
      "GROUP BY command, status ORDER BY command, status",
      {util::format_rfc3339(since)});
  std::vector<Activity::Runs> runs;
  for (int row = 0; row < found.rows(); ++row) {
    runs.push_back({std::string{found.text(row, 0)}, std::string{found.text(row, 1)},
                    static_cast<int>(found.integer(row, 2))});
  }
  return runs;
}

std::string ago(Time then, Time now) {
  return fmt::format("{} ago",
                     util::format_duration(std::chrono::duration_cast<std::chrono::seconds>(
                         std::max(now - then, Time::duration{0}))));
}

}  // namespace

Activity activity_since(catalog::Catalog& catalog, const config::Config& config, Time since,
                        Time now) {
  Activity activity;
  activity.since = since;
  activity.runs = runs_since(catalog, since);
  const auto backups = catalog.backups();
  for (const auto& backup : backups) {
    if (!backup.good() || backup.started_at < since) continue;
    ++activity.backups;
    activity.backup_bytes += backup.size_bytes;
  }
  activity.newest = newest_of_each(backups);
  for (const auto& verification : catalog.verifications()) {
    if (verification.finished_at < since) break;
    ++(verification.success ? activity.verifications_passed : activity.verifications_failed);
  }
  for (const auto& store : config.stores) {
    const auto samples = catalog.usage_history(store.name, now - retention::forecast_window);
    if (!samples.empty()) activity.usage.push_back(samples.back());
  }
  return activity;
}

std::string to_text(const Activity& activity, Time now) {
  auto text = fmt::format("Since {}:\n", util::format_rfc3339(activity.since));
  for (const auto& run : activity.runs)
    text += fmt::format("  {:<12} {} {}\n", run.command, run.count, run.status);
  if (activity.runs.empty()) text += "  no run at all\n";
  text += fmt::format("  backups      {}, {}\n", activity.backups,
                      util::format_size(util::byte_count(activity.backup_bytes)));
  text += fmt::format("  verified     {} passed, {} failed\n", activity.verifications_passed,
                      activity.verifications_failed);
  text += "Newest good backups:\n";
  for (const auto& one : activity.newest) {
    text += fmt::format("  {}: {}, {}\n", one.what, ago(one.completed_at, now),
                        one.verified_at ? fmt::format("verified {}", ago(*one.verified_at, now))
                                        : std::string{"not verified"});
  }
  if (activity.newest.empty()) text += "  none\n";
  text += "Stores:\n";
  for (const auto& usage : activity.usage)
    text += fmt::format("  {}: {}\n", usage.store, retention::describe(usage));
  if (activity.usage.empty()) text += "  nothing is known of their space\n";
  return text;
}

json to_json(const Activity& activity) {
  json object{{"since", util::format_rfc3339(activity.since)},
              {"runs", json::array()},
              {"backups", activity.backups},
              {"backup_bytes", activity.backup_bytes},
              {"verifications_passed", activity.verifications_passed},
              {"verifications_failed", activity.verifications_failed},
              {"newest", json::array()},
              {"stores", json::array()}};
  for (const auto& run : activity.runs) {
    object["runs"].push_back(
        {{"command", run.command}, {"status", run.status}, {"count", run.count}});
  }
  for (const auto& one : activity.newest) {
    json entry{{"what", one.what},
               {"label", one.label},
               {"completed_at", util::format_rfc3339(one.completed_at)},
               {"verified_at", nullptr}};
    if (one.verified_at) entry["verified_at"] = util::format_rfc3339(*one.verified_at);
    object["newest"].push_back(std::move(entry));
  }
  for (const auto& usage : activity.usage) object["stores"].push_back(catalog::to_json(usage));
  return object;
}

}  // namespace bkp::report
