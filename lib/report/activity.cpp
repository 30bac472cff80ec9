#include "report/activity.hpp"

#include <fmt/format.h>

#include "util/units.hpp"

namespace bkp::report {

using nlohmann::json;
using util::Time;

namespace {

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

}  // namespace

Activity activity_since(catalog::Catalog& catalog, Time since) {
  Activity activity;
  activity.since = since;
  activity.runs = runs_since(catalog, since);
  catalog::BackupFilter filter;
  filter.since = since;
  for (const auto& backup : catalog.backups(filter)) {
    if (!backup.good()) continue;
    ++activity.backups;
    activity.backup_bytes += backup.size_bytes;
  }
  for (const auto& verification : catalog.verifications()) {
    if (verification.finished_at < since) break;
    ++(verification.success ? activity.verifications_passed : activity.verifications_failed);
  }
  return activity;
}

std::string to_text(const Activity& activity) {
  auto text = fmt::format("since {}:\n", util::format_rfc3339(activity.since));
  for (const auto& run : activity.runs)
    text += fmt::format("  {:<12} {} {}\n", run.command, run.count, run.status);
  if (activity.runs.empty()) text += "  no run at all\n";
  text += fmt::format("  backups      {}, {}\n", activity.backups,
                      util::format_size(util::byte_count(activity.backup_bytes)));
  text += fmt::format("  verified     {} passed, {} failed\n", activity.verifications_passed,
                      activity.verifications_failed);
  return text;
}

json to_json(const Activity& activity) {
  json object{{"since", util::format_rfc3339(activity.since)},
              {"runs", json::array()},
              {"backups", activity.backups},
              {"backup_bytes", activity.backup_bytes},
              {"verifications_passed", activity.verifications_passed},
              {"verifications_failed", activity.verifications_failed}};
  for (const auto& run : activity.runs) {
    object["runs"].push_back(
        {{"command", run.command}, {"status", run.status}, {"count", run.count}});
  }
  return object;
}

}  // namespace bkp::report
