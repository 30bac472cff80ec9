#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pg/connection.hpp"
#include "schedule/run_due.hpp"
#include "schedule/schedule.hpp"

namespace bkp::command {

/// A schedule and how its last run ended.
struct ListedSchedule {
  schedule::Schedule schedule;
  /// Its last run that began, or was left out; none: there is none.
  struct LastRun {
    std::string status;  ///< of runs
    util::Time at;       ///< when it began
  };
  std::optional<LastRun> last_run;
};

/// By id. The session is one of catalog::open_session().
std::vector<ListedSchedule> list_schedules(pg::Connection& session);

nlohmann::json to_json(const ListedSchedule& listed);
std::string to_text(const std::vector<ListedSchedule>& listed, util::Time now, std::size_t width);

struct ComingRun {
  util::Time at;
  std::int64_t schedule_id = 0;  ///< 0: of an expression alone
  std::string command;
  std::string time_zone;
};

/// The first of all schedules' coming moments, by time.
std::vector<ComingRun> coming_runs(const std::vector<schedule::Schedule>& schedules, util::Time now,
                                   std::size_t count);

nlohmann::json to_json(const ComingRun& run);
std::string to_text(const std::vector<ComingRun>& runs);

/// "schedule 3 added: full, 0 2 * * * in UTC, next at …", a line.
std::string change_text(const schedule::Schedule& schedule, std::string_view done, bool dry_run);

nlohmann::json to_json(const schedule::Outcome& outcome);
std::string to_text(const std::vector<schedule::Outcome>& outcomes, bool dry_run);

}  // namespace bkp::command
