#include <algorithm>

#include <fmt/format.h>

#include "check/topics.hpp"
#include "schedule/command_words.hpp"
#include "schedule/due.hpp"
#include "schedule/schedule_table.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::check {

using schedule::Schedule;
using util::Error;

namespace {

constexpr auto topic_of_schedules = "schedules";
// Cron calls once a minute.
constexpr std::chrono::minutes overdue{15};
// Over so many runs the longest time between two is looked for: half a year of daily ones.
constexpr std::size_t looked_at = 200;

std::string name_of(const Schedule& one) {
  return fmt::format("schedule {} ({})", one.id, util::printable(one.command));
}

/// The longest time between two runs in the coming time.
std::chrono::seconds longest_pause(const Schedule& one, util::Time now) {
  std::chrono::seconds longest{0};
  const auto moments = schedule::coming(one, now, looked_at);
  for (std::size_t i = 1; i < moments.size(); ++i) {
    longest = std::max(
        longest, std::chrono::duration_cast<std::chrono::seconds>(moments[i] - moments[i - 1]));
  }
  return longest;
}

bool makes_backups(std::string_view command) {
  return command == "full" || command == "incr";
}

std::string_view first_word(std::string_view command) {
  return command.substr(0, command.find(' '));
}

/// Enabled, where there is one that is not.
std::string way_to_have(std::string_view command, std::string_view schedule,
                        const std::vector<Schedule>& all) {
  const auto disabled = std::ranges::find_if(
      all, [&](const Schedule& one) { return !one.enabled && first_word(one.command) == command; });
  if (disabled != all.end()) return fmt::format("bkp schedule enable {}", disabled->id);
  return fmt::format("bkp schedule add --schedule \"{}\" {}", schedule, command);
}

/// What the readable and enabled ones do together.
void judge_together(const std::vector<Schedule>& schedules, const std::vector<Schedule>& all,
                    const config::Config& config, util::Time now, Findings& findings) {
  const Schedule* most_often = nullptr;
  std::chrono::seconds pause{0};
  std::vector<std::string> commands;
  for (const auto& one : schedules) {
    commands.push_back(schedule::words_of_command(one.command).front());
    if (!makes_backups(commands.back())) continue;
    const auto of_this = longest_pause(one, now);
    if (most_often == nullptr || of_this < pause) {
      most_often = &one;
      pause = of_this;
    }
  }
  const auto has = [&](std::string_view command) {
    return std::ranges::find(commands, command) != commands.end();
  };
  if (most_often == nullptr) {
    findings.warning(topic_of_schedules, "no schedule takes backups by itself",
                     way_to_have("full", "0 2 * * *", all));
  } else if (pause > config.status.yellow) {
    findings.warning(
        topic_of_schedules,
        fmt::format("{} between two backups, and at {} the last one is taken for too old",
                    util::format_duration(pause), util::format_duration(config.status.yellow)),
        fmt::format("let {} run more often, or raise status.yellow", name_of(*most_often)));
  }
  if (!has("verify")) {
    findings.warning(topic_of_schedules, "no schedule proves backups by restoring them",
                     way_to_have("verify", "15 5 * * sun", all));
  }
  if (!has("prune")) {
    findings.warning(topic_of_schedules,
                     "no schedule removes what is no longer kept: the stores will fill",
                     way_to_have("prune", "45 6 * * *", all));
  }
  if (!config.assets.empty() && !has("assets-check")) {
    findings.warning(topic_of_schedules, "no schedule looks after the assets",
                     way_to_have("assets-check", "45 3 * * *", all));
  }
}

/// Those of which nothing comes: run after run is left out.
void examine_left_out(catalog::Catalog& catalog, const std::vector<Schedule>& schedules,
                      Findings& findings) {
  constexpr int in_a_row = 3;
  const auto found = catalog.connection().exec(
      "SELECT schedule_id, (array_agg(coalesce(error_message, '') ORDER BY id DESC))[1] FROM ("
      "SELECT id, schedule_id, status, error_message, "
      "row_number() OVER (PARTITION BY schedule_id ORDER BY id DESC) AS rank FROM runs "
      "WHERE schedule_id IS NOT NULL) AS latest WHERE rank <= $1::int GROUP BY schedule_id "
      "HAVING count(*) = $1::int AND bool_and(status = 'cancelled')",
      {std::to_string(in_a_row)});
  for (int row = 0; row < found.rows(); ++row) {
    const auto one = std::ranges::find(schedules, found.integer(row, 0), &Schedule::id);
    if (one == schedules.end()) continue;
    findings.warning(topic_of_schedules,
                     fmt::format("{}: its last {} runs were left out: {}", name_of(*one), in_a_row,
                                 util::printable(found.text(row, 1))),
                     fmt::format("let it run less often or at another time: bkp schedule edit {} "
                                 "--schedule …",
                                 one->id));
  }
}

}  // namespace

void examine_schedules(run::Context& context,
                       const std::function<void(const Schedule&)>& check_schedule,
                       Findings& findings) {
  std::vector<Schedule> schedules;
  std::optional<catalog::Catalog> catalog;
  try {
    catalog = context.open_catalog();
    schedules = schedule::ScheduleTable{catalog->connection()}.all();
  } catch (const Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) throw;
    return;  // another topic says that there is no catalog
  }
  const auto before = findings.all().size();
  const auto now = context.clock.now();
  if (schedules.empty()) {
    findings.warning(topic_of_schedules, "there is no schedule: nothing runs by itself",
                     "bkp init  (enters those of the configuration)");
    return;
  }
  const auto all = schedules;
  std::erase_if(schedules, [](const Schedule& one) { return !one.enabled; });
  std::erase_if(schedules, [&](const Schedule& one) {
    try {
      check_schedule(one);
      return false;
    } catch (const Error& error) {
      if (error.kind() == util::ErrorKind::interrupted) throw;
      findings.warning(topic_of_schedules,
                       fmt::format("{}: {}", name_of(one), error.full_message()),
                       fmt::format("bkp schedule edit {}: {}", one.id, error.hint()));
      return true;
    }
  });
  for (const auto& one : schedules) {
    // What has none yet, run-due works out.
    if (!one.next_run_at || *one.next_run_at > now - overdue) continue;
    findings.warning(topic_of_schedules,
                     fmt::format("{} should have begun {} ago", name_of(one),
                                 util::format_duration(now - *one.next_run_at)),
                     "let cron call `bkp schedule run-due` every minute, and see what it mails");
  }
  examine_left_out(*catalog, schedules, findings);
  judge_together(schedules, all, context.config, now, findings);
  if (findings.all().size() > before) return;
  findings.ok(topic_of_schedules,
              fmt::format("{} enabled; `bkp schedule next` shows what comes", schedules.size()));
}

}  // namespace bkp::check
