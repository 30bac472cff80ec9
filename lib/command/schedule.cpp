#include "command/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "cli/table.hpp"
#include "command/commands.hpp"
#include "command/schedule_options.hpp"
#include "command/schedule_text.hpp"
#include "cron/expression.hpp"
#include "notify/notifier.hpp"
#include "schedule/command_words.hpp"
#include "schedule/crontab.hpp"
#include "schedule/due.hpp"
#include "schedule/run_due.hpp"
#include "schedule/schedule_table.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

using nlohmann::json;
using schedule::Schedule;
using schedule::ScheduleTable;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t usual_count = 10;
constexpr std::size_t most_counted = 10'000;

template <class Number>
Number number_of(const std::string& text, std::string_view what, std::string hint) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number > 0) return number;
  throw Error{ErrorKind::usage, fmt::format("{} is no {}", util::quoted(text), what),
              std::move(hint)};
}

std::int64_t id_of(const std::string& text) {
  return number_of<std::int64_t>(text, "schedule's id", "`bkp schedule list` shows the ids");
}

cli::Report list(run::Context& context) {
  auto catalog = context.open_catalog();
  const auto listed = list_schedules(catalog.connection());
  cli::Report report;
  report.result["schedules"] = json::array();
  for (const auto& one : listed) report.result["schedules"].push_back(to_json(one));
  report.text = to_text(listed, context.clock.now(), cli::terminal_width());
  return report;
}

cli::Report next(const ScheduleOptions& options, run::Context& context) {
  const auto count =
      options.operands.empty()
          ? usual_count
          : std::min(most_counted, number_of<std::size_t>(
                                       options.operands.front(), "count",
                                       "write how many coming times to show: schedule next 20"));
  std::vector<Schedule> schedules;
  if (options.schedule) {
    auto& one = schedules.emplace_back();
    one.schedule = *options.schedule;
    one.time_zone = options.time_zone.value_or("UTC");
  } else {
    if (options.time_zone) {
      throw Error{ErrorKind::usage, "--time-zone is for --schedule",
                  "every schedule has a time zone of its own: `bkp schedule list` shows it"};
    }
    auto catalog = context.open_catalog();
    schedules = ScheduleTable{catalog.connection()}.all();
    std::erase_if(schedules, [](const Schedule& one) { return !one.enabled; });
  }
  const auto runs = coming_runs(schedules, context.clock.now(), count);
  cli::Report report;
  report.result["runs"] = json::array();
  for (const auto& run : runs) report.result["runs"].push_back(to_json(run));
  report.text = to_text(runs);
  return report;
}

void plan(Schedule& schedule, util::Time now) {
  schedule.next_run_at = schedule::first_run(schedule, now, schedule::random_delay);
}

cli::Report report_of(const std::vector<Schedule>& schedules, std::string_view done,
                      const run::Context& context) {
  cli::Report report;
  report.result = {{"schedules", json::array()}, {"dry_run", context.dry_run}};
  for (const auto& one : schedules) {
    report.result["schedules"].push_back(schedule::to_json(one));
    report.text += change_text(one, done, context.dry_run);
  }
  return report;
}

cli::Report add(const ScheduleOptions& options, run::Context& context) {
  Schedule schedule;
  apply(options, options.operands, context.config, schedule);
  const auto now = context.clock.now();
  plan(schedule, now);
  if (!context.dry_run) {
    auto catalog = context.open_catalog();
    schedule.id = ScheduleTable{catalog.connection()}.add(schedule);
    audit_schedule(context, "add", schedule);
  }
  return report_of({schedule}, "added", context);
}

cli::Report edit(const ScheduleOptions& options, run::Context& context) {
  auto catalog = context.open_catalog();
  pg::Transaction transaction{catalog.connection()};
  ScheduleTable table{catalog.connection()};
  auto schedule = table.lock(id_of(options.operands.front()));
  const auto before = schedule;
  apply(options, {options.operands.begin() + 1, options.operands.end()}, context.config, schedule);
  if (schedule == before) {
    throw Error{ErrorKind::usage, fmt::format("nothing of schedule {} is to be changed", before.id),
                "name what is to be: --schedule \"0 3 * * *\", another command, …"};
  }
  if (schedule.schedule != before.schedule || schedule.time_zone != before.time_zone)
    plan(schedule, context.clock.now());
  if (!context.dry_run) {
    table.update(schedule);
    transaction.commit();
    audit_schedule(context, "edit", schedule, schedule::to_json(before));
  }
  return report_of({schedule}, "changed", context);
}

/// For each schedule named, all in one transaction: nothing is done when there is one that is not.
template <class Change>
std::vector<Schedule> change_each(const ScheduleOptions& options, run::Context& context,
                                  const Change& change) {
  auto catalog = context.open_catalog();
  pg::Transaction transaction{catalog.connection()};
  ScheduleTable table{catalog.connection()};
  std::vector<Schedule> schedules;
  for (const auto& operand : options.operands) {
    auto schedule = table.lock(id_of(operand));
    change(table, schedule);
    schedules.push_back(std::move(schedule));
  }
  if (context.dry_run) return schedules;
  transaction.commit();
  for (const auto& schedule : schedules) audit_schedule(context, options.action, schedule);
  return schedules;
}

cli::Report remove(const ScheduleOptions& options, run::Context& context) {
  const auto removed = change_each(options, context, [](ScheduleTable& table, Schedule& schedule) {
    table.remove(schedule.id);
  });
  auto report = report_of(removed, "removed", context);
  report.result.erase("schedules");
  report.result["removed"] = json::array();
  for (const auto& schedule : removed) report.result["removed"].push_back(schedule.id);
  return report;
}

cli::Report enable(const ScheduleOptions& options, run::Context& context, bool enabled) {
  const auto now = context.clock.now();
  const auto changed = change_each(options, context, [&](ScheduleTable& table, Schedule& schedule) {
    if (schedule.enabled == enabled) return;
    schedule.enabled = enabled;
    // What came due while it was disabled was not missed.
    schedule.next_run_at.reset();
    if (enabled) plan(schedule, now);
    table.update(schedule);
  });
  return report_of(changed, enabled ? "enabled" : "disabled", context);
}

/// What was too late to begin need not be a command at all: nobody has looked at it.
std::string subject_of(const schedule::Outcome& outcome) {
  try {
    const auto words = schedule::words_of_command(outcome.command);
    return check_arguments(words.front(), {words.begin() + 1, words.end()});
  } catch (const Error&) {
    return util::printable(outcome.command);
  }
}

/// Tells of runs what they could not tell themselves: that one never began, or was killed; and that
/// such a one is over.
void tell(notify::Notifier& notifier, const schedule::Outcome& outcome, bool somebody_watches) {
  const auto of_schedule = fmt::format("schedule {}", outcome.schedule_id);
  notify::RunFacts run;
  run.run_key = outcome.run_key;
  run.somebody_watches = somebody_watches;
  const auto due = util::format_rfc3339(outcome.due_at);
  if (outcome.unreadable) {
    run.command = "schedule";
    run.subject = of_schedule;
    notifier.failed(run, Error{ErrorKind::usage,
                               fmt::format("{} cannot be followed: {}",
                                           util::printable(outcome.command), outcome.reason),
                               fmt::format("bkp schedule edit {}", outcome.schedule_id)});
  } else if (!outcome.still_going) {
    run.subject = subject_of(outcome);
    run.command = run.subject.substr(0, run.subject.find(' '));
    if (!outcome.failed() && outcome.status) {
      notifier.succeeded(of_schedule);
      notifier.succeeded(run.subject);
    } else if (outcome.status) {
      const Error error{
          ErrorKind::internal,
          fmt::format("the run that was due at {} ended with {}", due, outcome.status->to_string()),
          fmt::format("bkp {} -v", run.subject)};
      // What could end by itself has called the switches by itself.
      outcome.status->signal != 0 ? notifier.lost(run, error) : notifier.failed(run, error);
    } else {
      notifier.failed(run, Error{ErrorKind::locked,
                                 fmt::format("the run that was due at {} was not begun: {}", due,
                                             outcome.reason),
                                 fmt::format("bkp {}", run.subject)});
    }
  }
  notifier.deliver();
}

cli::Report run_due(run::Context& context) {
  notify::Notifier notifier{context.config, context.clock, context.log};
  const auto outcomes = schedule::run_due(
      context, [&](const Schedule& one) { check_schedule(one, context.config); },
      [&](const schedule::Outcome& outcome) {
        tell(notifier, outcome, context.terminal.interactive());
      });
  if (!context.dry_run) {
    notifier.remind();
    notifier.deliver();
  }
  cli::Report report;
  report.result = {{"runs", json::array()}, {"dry_run", context.dry_run}};
  for (const auto& outcome : outcomes) report.result["runs"].push_back(to_json(outcome));
  report.text = to_text(outcomes, context.dry_run);
  const auto failed = std::ranges::find_if(outcomes, &schedule::Outcome::failed);
  if (failed != outcomes.end()) {
    const auto due = std::ranges::count_if(outcomes, [](const schedule::Outcome& one) {
      return one.kind == schedule::Outcome::Kind::begun ||
             one.kind == schedule::Outcome::Kind::left_out;
    });
    report.error = Error{
        ErrorKind::partial,
        fmt::format("{} of {} runs that were due failed; `bkp {}`: {}",
                    std::ranges::count_if(outcomes, &schedule::Outcome::failed), due,
                    util::printable(failed->command),
                    failed->status ? failed->status->to_string() : util::printable(failed->reason)),
        "each has said why, above and in the catalog's table runs"};
    report.error_is_told = true;
  }
  return report;
}

cli::Report crontab(const ScheduleOptions& options, run::Context& context) {
  if (options.user.find_first_of(" \t\n%") != std::string::npos) {
    throw Error{ErrorKind::usage,
                fmt::format("--user {} is no user's name", util::quoted(options.user)),
                "name whose jobs they are: --user bkp"};
  }
  auto catalog = context.open_catalog();
  cli::Report report;
  report.text = schedule::to_crontab(ScheduleTable{catalog.connection()}.all(),
                                     {std::filesystem::absolute(context.config.file).string(),
                                      schedule::system_time_zone(), options.user});
  report.text_is_document = true;
  report.result["crontab"] = report.text;
  return report;
}

}  // namespace

void define(CLI::App& app, ScheduleOptions& options) {
  app.add_option("action", options.action,
                 "list, next, add, edit, remove, enable, disable, run-due or crontab")
      ->required()
      ->check(CLI::IsMember(
          {"list", "next", "add", "edit", "remove", "enable", "disable", "run-due", "crontab"}))
      ->type_name("ACTION");
  app.add_option("operands", options.operands,
                 "next: how many; add: the command; edit: ID and, if it changes, the command; "
                 "remove, enable, disable: the IDs");
  app.add_option("--schedule", options.schedule, "when: a cron expression, \"0 2 * * *\"")
      ->type_name("EXPRESSION");
  app.add_option("--time-zone", options.time_zone, "of the expression, e.g. Europe/Berlin (UTC)")
      ->type_name("ZONE");
  app.add_option("--destination", options.destination, "one store that the command is for")
      ->type_name("STORE");
  app.add_option("--policy", options.policy, "for prune: what to keep, '{daily: 7, monthly: 12}'")
      ->type_name("POLICY");
  app.add_option("--jitter", options.jitter, "begin up to so much later, by chance")
      ->type_name("DURATION");
  app.add_option("--catch-up", options.catch_up, "what was missed may begin so late (7d)")
      ->type_name("DURATION");
  app.add_flag("--disabled", options.disabled, "add: not enabled yet");
  app.add_option("--user", options.user, "crontab: whose jobs, for a file in /etc/cron.d")
      ->type_name("NAME");
}

cli::Report run(const ScheduleOptions& options, run::Context& context) {
  require_fitting(options);
  if (options.action == "list") return list(context);
  if (options.action == "next") return next(options, context);
  if (options.action == "add") return add(options, context);
  if (options.action == "edit") return edit(options, context);
  if (options.action == "remove") return remove(options, context);
  if (options.action == "enable") return enable(options, context, true);
  if (options.action == "disable") return enable(options, context, false);
  if (options.action == "crontab") return crontab(options, context);
  return run_due(context);
}

}  // namespace bkp::command
