#include "schedule/run_rows.hpp"

#include <fmt/format.h>

#include "catalog/row.hpp"
#include "util/host.hpp"
#include "util/version.hpp"

namespace bkp::schedule {

using nlohmann::json;

namespace {

constexpr auto insert =
    "INSERT INTO runs (run_key, command, arguments, user_name, host, triggered_by, version, "
    "started_at, status, schedule_id, due_at, finished_at, error_message) VALUES ($1::uuid, $2, "
    "$3::jsonb, $4, $5, 'schedule', $6, $7::timestamptz, $8, $9::bigint, $10::timestamptz, "
    "$11::timestamptz, $12) ON CONFLICT (run_key) DO NOTHING";

std::vector<pg::Parameter> parameters_of(const PlannedRun& run, util::Time now,
                                         const std::string& status) {
  const json arguments(std::vector<std::string>{run.words.begin() + 1, run.words.end()});
  return {run.run.run_key,
          run.words.front(),
          arguments.dump(),
          util::user_name(),
          util::host_name(),
          std::string{util::version()},
          catalog::time_text(now),
          status,
          std::to_string(run.run.schedule_id),
          catalog::time_text(run.run.due_at)};
}

}  // namespace

bool RunRows::add_pending(const PlannedRun& run, util::Time now) {
  auto parameters = parameters_of(run, now, catalog::status::pending);
  parameters.resize(12);
  return m_session.exec(insert, parameters).affected() == 1;
}

void RunRows::add_ended(const PlannedRun& run, util::Time now, const std::string& status,
                        const std::string& reason) {
  auto parameters = parameters_of(run, now, status);
  parameters.emplace_back(catalog::time_text(now));
  parameters.emplace_back(reason);
  m_session.exec(insert, parameters);
}

std::vector<PlannedRun> RunRows::pending_here() {
  const auto found = m_session.exec(
      "SELECT run_key, schedule_id, due_at, r.command, arguments, "
      "extract(epoch FROM greatest(catch_up, '3 min') + jitter)::bigint "
      "FROM runs r JOIN backup_schedules s ON s.id = schedule_id "
      "WHERE status = 'pending' AND host = $1 ORDER BY r.id",
      {util::host_name()});
  std::vector<PlannedRun> runs;
  for (int number = 0; number < found.rows(); ++number) {
    auto& planned = runs.emplace_back();
    std::string command;
    std::vector<std::string> arguments;
    std::int64_t may_be_late = 0;
    catalog::Row{found, number} >> planned.run.run_key >> planned.run.schedule_id >>
        planned.run.due_at >> command >> arguments >> may_be_late;
    planned.may_be_late = std::chrono::seconds{may_be_late};
    planned.words.push_back(std::move(command));
    planned.words.insert(planned.words.end(), arguments.begin(), arguments.end());
  }
  return runs;
}

std::optional<std::string> RunRows::still_going_elsewhere(std::int64_t schedule_id) {
  const auto found = m_session.exec(
      "SELECT id, coalesce(host, ''), started_at FROM runs WHERE schedule_id = $1::bigint "
      "AND status IN ('pending', 'running') AND host IS DISTINCT FROM $2 "
      "AND started_at > now() - interval '1 day' ORDER BY id LIMIT 1",
      {std::to_string(schedule_id), util::host_name()});
  if (found.rows() == 0) return std::nullopt;
  std::int64_t id = 0;
  std::string host;
  util::Time since;
  catalog::Row{found, 0} >> id >> host >> since;
  return fmt::format("run {} on {} since {}", id, host, util::format_rfc3339(since));
}

void RunRows::close(const std::string& run_key, util::Time now, const std::string& status,
                    std::optional<int> exit_code, const std::string& reason) {
  m_session.exec(
      "UPDATE runs SET status = $2, finished_at = $3::timestamptz, exit_code = $4::integer, "
      "error_message = nullif($5, '') "
      "WHERE run_key = $1::uuid AND status IN ('pending', 'running')",
      {run_key, status, catalog::time_text(now),
       exit_code ? pg::Parameter{std::to_string(*exit_code)} : pg::Parameter{}, reason});
}

}  // namespace bkp::schedule
