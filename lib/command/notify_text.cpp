#include "command/notify_text.hpp"

#include <fmt/format.h>

#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using notify::Outbox;
using notify::Problem;

json to_json(const Tried& tried) {
  return {{"channel", tried.channel},
          {"delivered", !tried.error},
          {"error", tried.error ? tried.error->full_message() : ""},
          {"hint", tried.error ? tried.error->hint() : ""}};
}

std::string to_text(const std::vector<Tried>& tried, bool dry_run) {
  std::string text;
  for (const auto& one : tried) {
    if (one.error) {
      text +=
          fmt::format("{}: failed: {}\n", one.channel, util::printable(one.error->full_message()));
      if (!one.error->hint().empty())
        text += fmt::format("  fix: {}\n", util::printable(one.error->hint()));
    } else {
      text += fmt::format("{}: {}\n", one.channel, dry_run ? "can be used" : "delivered");
    }
  }
  return text;
}

json to_json(const Problem& problem) {
  json object{{"subject", problem.worst.subject},
              {"severity", config::to_text(problem.worst.severity)},
              {"title", problem.worst.title},
              {"what", problem.worst.what},
              {"risk", problem.worst.risk},
              {"next", problem.worst.next},
              {"since", util::format_rfc3339(problem.since)},
              {"times", problem.times},
              {"run_id", nullptr}};
  if (problem.worst.run_id) object["run_id"] = *problem.worst.run_id;
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
    text +=
        fmt::format("{}: {}, for {}: {}\n", config::to_text(problem.worst.severity),
                    problem.worst.title, util::format_age(problem.since, now), problem.worst.what);
  }
  return text;
}

std::string to_text(const std::vector<Problem>& problems,
                    const std::vector<Outbox::Waiting>& waiting, util::Time now) {
  std::string text;
  for (const auto& problem : problems) {
    text +=
        fmt::format("{}: {}, for {}\n  {}\n", config::to_text(problem.worst.severity),
                    problem.worst.title, util::format_age(problem.since, now), problem.worst.what);
    if (!problem.worst.next.empty()) text += fmt::format("  next: {}\n", problem.worst.next);
    text += fmt::format("  bkp notify forget {}\n", util::shell_quoted(problem.worst.subject));
  }
  if (problems.empty()) text += "nothing is wrong that this host knows of\n";
  for (const auto& one : waiting) {
    text += fmt::format("waits for channel {}, for {}: {}{}\n", one.channel,
                        util::format_age(one.since, now), one.message.title,
                        one.error.empty() ? "" : fmt::format(": {}", one.error));
  }
  return text;
}

}  // namespace bkp::command
