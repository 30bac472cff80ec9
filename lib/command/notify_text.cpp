#include "command/notify_text.hpp"

#include <fmt/format.h>

#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using notify::Outbox;
using notify::Problem;

namespace {

std::string length(util::Time from, util::Time to) {
  return util::format_duration(std::chrono::duration_cast<std::chrono::seconds>(
      std::max(to - from, util::Time::duration{0})));
}

}  // namespace

json to_json(const Tried& tried) {
  return {{"channel", tried.channel},
          {"delivered", !tried.error},
          {"error", tried.error ? tried.error->full_message() : ""},
          {"hint", tried.error ? tried.error->hint() : ""}};
}

std::string to_text(const std::vector<Tried>& tried) {
  std::string text;
  for (const auto& one : tried) {
    if (one.error) {
      text +=
          fmt::format("{}: failed: {}\n", one.channel, util::printable(one.error->full_message()));
      if (!one.error->hint().empty())
        text += fmt::format("  fix: {}\n", util::printable(one.error->hint()));
    } else {
      text += fmt::format("{}: delivered\n", one.channel);
    }
  }
  return text;
}

json to_json(const Problem& problem) {
  json object{{"subject", problem.latest.subject},
              {"severity", config::to_text(problem.latest.severity)},
              {"title", problem.latest.title},
              {"what", problem.latest.what},
              {"risk", problem.latest.risk},
              {"next", problem.latest.next},
              {"since", util::format_rfc3339(problem.since)},
              {"times", problem.times},
              {"run_id", nullptr}};
  if (problem.latest.run_id) object["run_id"] = *problem.latest.run_id;
  return object;
}

json to_json(const Outbox::Waiting& waiting) {
  return {{"channel", waiting.channel},
          {"title", waiting.message.title},
          {"since", util::format_rfc3339(waiting.since)},
          {"attempts", waiting.attempts},
          {"next_attempt", util::format_rfc3339(waiting.next_attempt)},
          {"error", waiting.error}};
}

std::string lines_of(const std::vector<Problem>& problems, util::Time now) {
  std::string text;
  for (const auto& problem : problems) {
    text += fmt::format("{}: {}, for {}: {}\n", config::to_text(problem.latest.severity),
                        problem.latest.title, length(problem.since, now), problem.latest.what);
  }
  return text;
}

std::string to_text(const std::vector<Problem>& problems,
                    const std::vector<Outbox::Waiting>& waiting, util::Time now) {
  std::string text;
  for (const auto& problem : problems) {
    text += fmt::format("{}: {}, for {}\n  {}\n", config::to_text(problem.latest.severity),
                        problem.latest.title, length(problem.since, now), problem.latest.what);
    if (!problem.latest.next.empty()) text += fmt::format("  next: {}\n", problem.latest.next);
    text += fmt::format("  bkp notify forget {}\n", util::shell_quoted(problem.latest.subject));
  }
  if (problems.empty()) text += "nothing is wrong that this host knows of\n";
  for (const auto& one : waiting) {
    text += fmt::format("waits for channel {}, for {}: {}{}\n", one.channel, length(one.since, now),
                        one.message.title, one.error.empty() ? "" : fmt::format(": {}", one.error));
  }
  return text;
}

}  // namespace bkp::command
