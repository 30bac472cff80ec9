#include "command/schedule_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "catalog/row.hpp"
#include "catalog/time_text.hpp"
#include "cli/table.hpp"
#include "cron/time_zone.hpp"
#include "schedule/due.hpp"
#include "schedule/schedule_table.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using schedule::Outcome;
using schedule::Schedule;

namespace {

std::string when(const std::optional<util::Time>& time, std::string_view none) {
  return time ? util::format_rfc3339(*time) : std::string{none};
}

std::string next_text(const Schedule& schedule) {
  if (!schedule.enabled) return "disabled";
  return when(schedule.next_run_at, "not planned yet");
}

std::string_view name_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::begun:
      return "begun";
    case Outcome::Kind::left_out:
      return "left_out";
    case Outcome::Kind::waiting:
      return "waiting";
    case Outcome::Kind::planned:
      break;
  }
  return "planned";
}

}  // namespace

std::vector<ListedSchedule> list_schedules(pg::Connection& session) {
  std::vector<ListedSchedule> listed;
  for (auto& one : schedule::ScheduleTable{session}.all()) {
    const auto last = session.exec(
        "SELECT status, started_at FROM runs WHERE schedule_id = $1::bigint "
        "ORDER BY id DESC LIMIT 1",
        {std::to_string(one.id)});
    auto& entry = listed.emplace_back(ListedSchedule{std::move(one), std::nullopt});
    if (last.rows() == 0) continue;
    auto& run = entry.last_run.emplace();
    catalog::Row{last, 0} >> run.status >> run.at;
  }
  return listed;
}

json to_json(const ListedSchedule& listed) {
  auto result = schedule::to_json(listed.schedule);
  result["last_status"] = listed.last_run ? json(listed.last_run->status) : json();
  return result;
}

std::string to_text(const std::vector<ListedSchedule>& listed, util::Time now, std::size_t width) {
  if (listed.empty()) {
    return "there is no schedule: `bkp init` enters the configuration's, `bkp schedule add` one "
           "more\n";
  }
  using Align = cli::Table::Align;
  constexpr auto keep = cli::Table::Overflow::keep;
  cli::Table table{{{"ID", Align::right, keep},
                    {"SCHEDULE", Align::left, keep},
                    {"ZONE"},
                    {"COMMAND", Align::left, keep},
                    {"LAST RUN"},
                    {"NEXT RUN", Align::left, keep}}};
  for (const auto& [one, last_run] : listed) {
    const auto last =
        last_run
            ? fmt::format("{} ago, {}", util::format_duration(now - last_run->at), last_run->status)
            : std::string{"none"};
    auto command = one.command;
    if (!one.retention_policy.is_null())
      command += fmt::format(" --policy '{}'", one.retention_policy.dump());
    if (one.destination) command += fmt::format(" on {}", *one.destination);
    table.add({std::to_string(one.id), one.schedule, one.time_zone, std::move(command), last,
               next_text(one)});
  }
  return table.to_text(width);
}

std::vector<ComingRun> coming_runs(const std::vector<Schedule>& schedules, util::Time now,
                                   std::size_t count) {
  std::vector<ComingRun> runs;
  for (const auto& one : schedules) {
    for (const auto at : schedule::coming(one, now, count))
      runs.push_back({at, one.id, one.command, one.time_zone});
  }
  std::ranges::stable_sort(runs, {}, &ComingRun::at);
  if (runs.size() > count) runs.resize(count);
  return runs;
}

json to_json(const ComingRun& run) {
  return {{"at", util::format_rfc3339(run.at)},
          {"schedule_id", run.schedule_id == 0 ? json() : json(run.schedule_id)},
          {"command", run.command.empty() ? json() : json(run.command)}};
}

std::string to_text(const std::vector<ComingRun>& runs) {
  if (runs.empty()) return "nothing is due, ever\n";
  std::string text;
  for (const auto& run : runs) {
    text += util::format_rfc3339(run.at);
    if (run.time_zone != "UTC")
      text += fmt::format("  {} {}", cron::TimeZone{run.time_zone}.show(run.at), run.time_zone);
    if (!run.command.empty())
      text += fmt::format("  {} (schedule {})", util::printable(run.command), run.schedule_id);
    text += '\n';
  }
  return text;
}

std::string change_text(const Schedule& schedule, std::string_view done, bool dry_run) {
  return fmt::format("schedule {}{} {}: {}, {} in {}, next run: {}\n",
                     schedule.id == 0 ? "" : fmt::format("{} ", schedule.id),
                     dry_run ? "would be" : "is", done, util::printable(schedule.command),
                     util::printable(schedule.schedule), util::printable(schedule.time_zone),
                     next_text(schedule));
}

json to_json(const Outcome& outcome) {
  const bool is_due = outcome.kind != Outcome::Kind::planned;
  return {{"schedule_id", outcome.schedule_id},
          {"command", util::printable(outcome.command)},
          {"outcome", name_of(outcome.kind)},
          {"due_at", is_due ? json(util::format_rfc3339(outcome.due_at)) : json()},
          {"exit_code",
           outcome.status && outcome.status->signal == 0 ? json(outcome.status->code) : json()},
          {"reason", outcome.reason.empty() ? json() : json(util::printable(outcome.reason))}};
}

std::string to_text(const std::vector<Outcome>& outcomes, bool dry_run) {
  std::string text;
  for (const auto& outcome : outcomes) {
    if (outcome.kind == Outcome::Kind::planned) continue;
    text += fmt::format("schedule {}, due at {}: {}: ", outcome.schedule_id,
                        util::format_rfc3339(outcome.due_at), util::printable(outcome.command));
    if (outcome.kind == Outcome::Kind::left_out) {
      text += fmt::format("left out: {}", util::printable(outcome.reason));
    } else if (outcome.kind == Outcome::Kind::waiting) {
      text += fmt::format("waits: {}", outcome.reason);
    } else if (dry_run) {
      text += "would be begun";
    } else if (outcome.failed()) {
      text += outcome.status->to_string();
    } else {
      text += "done";
    }
    text += '\n';
  }
  return text.empty() ? "nothing is due\n" : text;
}

}  // namespace bkp::command
