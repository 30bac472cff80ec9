#include "schedule/crontab.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "cron/expression.hpp"
#include "schedule/command_words.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::schedule {

namespace {

// crontab(5): "%" unescaped ends the command.
std::string escaped(std::string_view command) {
  std::string result;
  for (const char c : command) result += c == '%' ? std::string{"\\%"} : std::string{c};
  return result;
}

std::string job_of(const Schedule& schedule, const CrontabSettings& settings) {
  std::string job = "bkp";
  const auto add = [&](std::string_view word) { job += ' ' + util::shell_quoted(word); };
  const auto words = words_of_schedule(schedule);
  add(words.front());
  for (const std::string& word :
       {std::string{"--config"}, settings.config, std::string{"--triggered-by"},
        std::string{"schedule"}, std::string{"-q"}, std::string{"--lock-wait"}, std::string{"24h"}})
    add(word);
  for (std::size_t i = 1; i < words.size(); ++i) add(words[i]);
  return escaped(job);
}

/// A line's five fields, and what must be true on the day.
struct Timing {
  std::string fields;
  std::string condition = {};
};

// Debian's cron knows no "L" (nor any other cron of crontab(5) does).
std::vector<Timing> timings_of(const std::string& expression) {
  if (expression.starts_with('@')) return {{util::lower(expression)}};
  std::array<std::string, 5> fields;
  auto rest = std::string_view{expression};
  for (auto& field : fields) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    field = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  const auto join = [&] { return fmt::format("{}", fmt::join(fields, " ")); };
  auto& days = fields[2];
  std::vector<std::string> other_days;
  bool last = false;
  for (auto list = std::string_view{days}; !list.empty();) {
    const auto end = std::min(list.find(','), list.size());
    const auto element = list.substr(0, end);
    if (element == "L" || element == "l") {
      last = true;
    } else {
      other_days.emplace_back(element);
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  if (!last) return {{join()}};
  std::vector<Timing> timings;
  // What a day of the week would allow too must not depend on the last day.
  const bool any_weekday = fields[4].starts_with('*');
  if (!other_days.empty() || !any_weekday) {
    if (!any_weekday && other_days.empty()) other_days.emplace_back("*");
    days = fmt::format("{}", fmt::join(other_days, ","));
    timings.push_back({join(), "[ \"$(date -d tomorrow +%d)\" != 01 ]"});  // the other line's
  }
  days = "28-31";
  std::string condition = "[ \"$(date -d tomorrow +%d)\" = 01 ]";
  if (!any_weekday) fields[4] = "*";
  timings.push_back({join(), std::move(condition)});
  return timings;
}

/// Names of the IANA database for the same.
bool is_utc(std::string_view zone) {
  constexpr std::array<std::string_view, 8> names{"UTC",     "Etc/UTC", "UCT",      "Etc/UCT",
                                                  "Etc/GMT", "Zulu",    "Etc/Zulu", "Universal"};
  return std::ranges::find(names, zone) != names.end();
}

bool is_same_zone(std::string_view one, std::string_view other) {
  return one == other || (is_utc(one) && is_utc(other));
}

std::string lines_of(const Schedule& schedule, const CrontabSettings& settings) {
  std::string text =
      fmt::format("\n# Schedule {}: {} in {}", schedule.id, util::printable(schedule.schedule),
                  util::printable(schedule.time_zone));
  if (schedule.jitter.count() > 0)
    text += fmt::format(", up to {} later (cron: at once)", util::format_duration(schedule.jitter));
  text += '\n';
  std::string prefix;
  if (!schedule.enabled) {
    text += "# It is disabled.\n";
    prefix = "#";
  } else if (!is_same_zone(schedule.time_zone, settings.time_zone)) {
    text += fmt::format("# Not so for cron, which works in {}: change the times, then uncomment.\n",
                        settings.time_zone);
    prefix = "#";
  }
  try {
    const cron::Expression expression{schedule.schedule};
    cron::require_time_zone(schedule.time_zone);
    const auto job = job_of(schedule, settings);
    for (const auto& [fields, condition] : timings_of(expression.text())) {
      text += prefix + fields + ' ';
      if (!settings.user.empty()) text += settings.user + ' ';
      if (!condition.empty()) text += escaped(condition) + " && ";
      text += job + '\n';
    }
  } catch (const util::Error& error) {
    text += fmt::format("# It cannot be read: {}\n", util::printable(error.full_message()));
  }
  return text;
}

}  // namespace

std::string to_crontab(const std::vector<Schedule>& schedules, const CrontabSettings& settings) {
  std::string text = fmt::format(
      "# The schedules of bkp as entries of {}, in place of `bkp schedule run-due`: with\n"
      "# both, everything would run twice. What is missed while this machine is off is not made up "
      "for.\n\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
      settings.user.empty() ? "a user's crontab" : "a file in /etc/cron.d");
  for (const auto& schedule : schedules) text += lines_of(schedule, settings);
  return text;
}

std::string system_time_zone() {
  std::error_code unknown;
  const auto link = std::filesystem::read_symlink("/etc/localtime", unknown).string();
  constexpr std::string_view database = "zoneinfo/";
  if (const auto at = link.find(database); at != link.npos)
    return link.substr(at + database.size());
  const auto text = util::read_file("/etc/timezone", 1024).value_or("");
  const auto lines = util::split_lines(text);
  return lines.empty() || lines.front().empty() ? "UTC" : std::string{lines.front()};
}

}  // namespace bkp::schedule
