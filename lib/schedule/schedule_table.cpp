#include "schedule/schedule_table.hpp"

#include <fmt/format.h>

#include "catalog/row.hpp"
#include "util/error.hpp"

namespace bkp::schedule {

namespace {

constexpr auto columns =
    "id, backup_type, schedule, time_zone, command, destination, retention_policy_json, enabled, "
    "last_run_at, next_run_at, extract(epoch FROM jitter)::bigint, "
    "extract(epoch FROM catch_up)::bigint";

std::vector<Schedule> read(const pg::Result& found) {
  std::vector<Schedule> schedules;
  for (int number = 0; number < found.rows(); ++number) {
    auto& s = schedules.emplace_back();
    std::int64_t jitter = 0;
    std::int64_t catch_up = 0;
    catalog::Row row{found, number};
    row >> s.id >> s.backup_type >> s.schedule >> s.time_zone >> s.command >> s.destination >>
        s.retention_policy >> s.enabled >> s.last_run_at >> s.next_run_at >> jitter >> catch_up;
    s.jitter = std::chrono::seconds{jitter};
    s.catch_up = std::chrono::seconds{catch_up};
  }
  return schedules;
}

pg::Parameter time_parameter(const std::optional<Time>& time) {
  if (!time) return std::nullopt;
  return catalog::time_text(*time);
}

/// In the order of `columns`, the id left out.
std::vector<pg::Parameter> parameters_of(const Schedule& s) {
  return {s.backup_type,
          s.schedule,
          s.time_zone,
          s.command,
          s.destination,
          s.retention_policy.is_null() ? pg::Parameter{} : s.retention_policy.dump(),
          s.enabled ? "t" : "f",
          time_parameter(s.last_run_at),
          time_parameter(s.next_run_at),
          fmt::format("{} s", s.jitter.count()),
          fmt::format("{} s", s.catch_up.count())};
}

constexpr auto values =
    "$1, $2, $3, $4, $5, $6::jsonb, $7::boolean, $8::timestamptz, $9::timestamptz, $10::interval, "
    "$11::interval";
constexpr auto written_columns =
    "backup_type, schedule, time_zone, command, destination, retention_policy_json, enabled, "
    "last_run_at, next_run_at, jitter, catch_up";

[[noreturn]] void fail_to_find(std::int64_t id) {
  throw util::Error{util::ErrorKind::not_found, fmt::format("there is no schedule {}", id),
                    "`bkp schedule list` shows those there are"};
}

}  // namespace

std::vector<Schedule> ScheduleTable::all() {
  return read(m_session.exec(fmt::format("SELECT {} FROM backup_schedules ORDER BY id", columns)));
}

std::vector<Schedule> ScheduleTable::lock_enabled() {
  return read(m_session.exec(fmt::format(
      "SELECT {} FROM backup_schedules WHERE enabled ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
      columns)));
}

Schedule ScheduleTable::lock(std::int64_t id) {
  auto found = read(m_session.exec(
      fmt::format("SELECT {} FROM backup_schedules WHERE id = $1::bigint FOR NO KEY UPDATE",
                  columns),
      {std::to_string(id)}));
  if (found.empty()) fail_to_find(id);
  return std::move(found.front());
}

std::int64_t ScheduleTable::add(const Schedule& schedule) {
  return m_session
      .exec(fmt::format("INSERT INTO backup_schedules ({}) VALUES ({}) RETURNING id",
                        written_columns, values),
            parameters_of(schedule))
      .integer(0, 0);
}

void ScheduleTable::update(const Schedule& schedule) {
  auto parameters = parameters_of(schedule);
  parameters.emplace_back(std::to_string(schedule.id));
  const auto done = m_session.exec(
      fmt::format("UPDATE backup_schedules SET ({}) = ROW ({}) WHERE id = $12::bigint",
                  written_columns, values),
      parameters);
  if (done.affected() == 0) fail_to_find(schedule.id);
}

void ScheduleTable::remove(std::int64_t id) {
  const auto done =
      m_session.exec("DELETE FROM backup_schedules WHERE id = $1::bigint", {std::to_string(id)});
  if (done.affected() == 0) fail_to_find(id);
}

void ScheduleTable::move_on(std::int64_t id, std::optional<Time> last_run_at,
                            std::optional<Time> next_run_at) {
  m_session.exec(
      "UPDATE backup_schedules SET next_run_at = $2::timestamptz, "
      "last_run_at = coalesce($3::timestamptz, last_run_at) WHERE id = $1::bigint",
      {std::to_string(id), time_parameter(next_run_at), time_parameter(last_run_at)});
}

}  // namespace bkp::schedule
