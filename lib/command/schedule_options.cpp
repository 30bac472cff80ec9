#include "command/schedule_options.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "command/commands.hpp"
#include "config/parse.hpp"
#include "cron/expression.hpp"
#include "schedule/command_words.hpp"
#include "schedule/due.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

/// What an action takes.
struct Action {
  std::string_view name;
  std::string_view operands;  ///< as its usage shows them
  std::size_t least = 0;
  std::size_t most = 0;
  std::string_view options = {};  ///< each followed by a blank
};

constexpr std::size_t any_number = std::size_t(-1);
constexpr std::string_view of_a_schedule =
    "--schedule --time-zone --destination --policy --jitter --catch-up ";

constexpr std::array<Action, 9> actions{{
    {"list", ""},
    {"next", "[COUNT]", 0, 1, "--schedule --time-zone "},
    {"add", "COMMAND", 1, any_number,
     "--schedule --time-zone --destination --policy --jitter --catch-up --disabled "},
    {"edit", "ID [COMMAND]", 1, any_number, of_a_schedule},
    {"remove", "ID…", 1, any_number},
    {"enable", "ID…", 1, any_number},
    {"disable", "ID…", 1, any_number},
    {"run-due", ""},
    {"crontab", "", 0, 0, "--user "},
}};

// What a schedule of it would be no use, or harm.
constexpr std::array<std::string_view, 8> unschedulable{
    "schedule", "init", "key", "unseal", "cat", "wal-push", "wal-fetch", "wal-setup"};

void check_command(const std::vector<std::string>& words) {
  const auto& name = words.front();
  if (std::ranges::find(unschedulable, name) != unschedulable.end()) {
    throw Error{ErrorKind::usage, fmt::format("{} is nothing for a schedule", util::quoted(name)),
                "it is run by hand or by the server"};
  }
  check_arguments(name, {words.begin() + 1, words.end()});
  for (const std::string_view option : {"--config", "--json"}) {
    const auto is_it = [&](const std::string& word) {
      return word == option || word.starts_with(fmt::format("{}=", option));
    };
    if (std::ranges::any_of(words, is_it)) {
      throw Error{ErrorKind::usage, fmt::format("{} is not for a schedule", option),
                  "leave it out: a scheduled run has the configuration of the schedule"};
    }
  }
}

std::optional<std::string> text_or_none(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

/// Every rule of it, so that a default that changes later changes nothing.
nlohmann::json policy_of(const std::string& text) {
  if (text.empty()) return nullptr;
  const auto policy = config::parse_retention(text);
  const auto seconds = [](std::chrono::seconds value) { return fmt::format("{}s", value.count()); };
  return {{"last", policy.last},           {"within", seconds(policy.within)},
          {"hourly", policy.hourly},       {"daily", policy.daily},
          {"weekly", policy.weekly},       {"monthly", policy.monthly},
          {"quarterly", policy.quarterly}, {"yearly", policy.yearly},
          {"wal", seconds(policy.wal)}};
}

}  // namespace

void require_fitting(const ScheduleOptions& options) {
  const auto* const action = std::ranges::find(actions, options.action, &Action::name);
  const std::size_t count = options.operands.size();
  if (count < action->least || count > action->most) {
    throw Error{ErrorKind::usage,
                fmt::format("schedule {} takes {}", action->name,
                            action->most == 0 ? "nothing more" : action->operands),
                "`bkp help schedule` has examples"};
  }
  const auto require = [&](bool given, std::string_view option) {
    if (!given || action->options.find(fmt::format("{} ", option)) != std::string_view::npos)
      return;
    throw Error{ErrorKind::usage,
                fmt::format("{} means nothing to schedule {}", option, action->name),
                "leave it out; `bkp help schedule` says what it is for"};
  };
  require(options.schedule.has_value(), "--schedule");
  require(options.time_zone.has_value(), "--time-zone");
  require(options.destination.has_value(), "--destination");
  require(options.policy.has_value(), "--policy");
  require(options.jitter.has_value(), "--jitter");
  require(options.catch_up.has_value(), "--catch-up");
  require(options.disabled, "--disabled");
  require(!options.user.empty(), "--user");
  if (options.action == "add" && !options.schedule) {
    throw Error{ErrorKind::usage, "schedule add needs --schedule",
                "say when: --schedule \"0 2 * * *\" is every night at two"};
  }
}

void check_schedule(const schedule::Schedule& schedule, const config::Config& config) {
  constexpr std::chrono::hours longest{24 * 366};
  if (schedule.jitter > longest || schedule.catch_up > longest) {
    throw Error{ErrorKind::usage, "--jitter and --catch-up are a year at most",
                "most schedules do well with minutes of the one and days of the other"};
  }
  if (schedule.destination) config.store(*schedule.destination);
  if (!schedule.retention_policy.is_null()) {
    if (schedule::words_of_command(schedule.command).front() != "prune") {
      throw Error{ErrorKind::usage, "--policy is for schedules of prune",
                  "each store has a retention policy of its own in the configuration"};
    }
    config::parse_retention(schedule.retention_policy.dump());
  }
  util::with_context(fmt::format("reading the command {}", util::quoted(schedule.command)),
                     [&] { check_command(schedule::words_of_schedule(schedule)); });
  if (schedule::coming(schedule, util::Time{}, 1).empty()) {
    throw Error{ErrorKind::usage,
                fmt::format("the schedule {} is never due", util::quoted(schedule.schedule)),
                "there is no such day: look at its day and its month"};
  }
}

void apply(const ScheduleOptions& options, const std::vector<std::string>& command,
           const config::Config& config, schedule::Schedule& schedule) {
  if (options.schedule) schedule.schedule = cron::Expression{*options.schedule}.text();
  if (options.time_zone) schedule.time_zone = *options.time_zone;
  if (options.destination) schedule.destination = text_or_none(*options.destination);
  if (options.policy) schedule.retention_policy = policy_of(*options.policy);
  if (options.jitter) schedule.jitter = util::parse_duration(*options.jitter);
  if (options.catch_up) schedule.catch_up = util::parse_duration(*options.catch_up);
  if (options.disabled) schedule.enabled = false;
  if (!command.empty()) {
    const auto words = schedule::words_of_command(
        command.size() == 1 ? command.front() : schedule::command_of_words(command));
    schedule.command = schedule::command_of_words(words);
    schedule.backup_type = schedule::backup_type_of(words.front());
  }
  check_schedule(schedule, config);
}

void audit_schedule(run::Context& context, const std::string& action,
                    const schedule::Schedule& schedule, const nlohmann::json& before) {
  context.recorder.audit({.action = "schedule." + action,
                          .subject = fmt::format("schedule {}", schedule.id),
                          .details = {{"schedule", schedule::to_json(schedule)},
                                      {"before", before},
                                      {"by", util::user_name()}},
                          .at = context.clock.now()});
}

schedule::Schedule schedule_of(const config::Schedule& wanted, const config::Config& config) {
  ScheduleOptions options;
  options.schedule = wanted.schedule;
  options.time_zone = wanted.time_zone;
  options.destination = wanted.destination;
  schedule::Schedule schedule;
  schedule.jitter = wanted.jitter;
  schedule.catch_up = wanted.catch_up;
  schedule.enabled = wanted.enabled;
  apply(options, {wanted.command}, config, schedule);
  return schedule;
}

}  // namespace bkp::command
