#include "notify/problems.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/rng.hpp"
#include "util/units.hpp"

namespace bkp::notify {

namespace {

// What was last done so long ago is not done any more.
constexpr std::chrono::hours kept{24 * 400};

Message message_about(const Problem& problem, Kind kind, Time now) {
  const auto& latest = problem.latest;
  Message message;
  message.id = util::random_uuid();
  message.kind = kind;
  message.severity = latest.severity;
  message.subject = latest.subject;
  message.since = problem.since;
  message.times = problem.times;
  message.run_id = latest.run_id;
  message.at = now;
  message.thread = problem.thread;
  return message;
}

Message first_message(Problem& problem, Time now) {
  auto message = message_about(problem, Kind::problem, now);
  if (problem.thread.empty()) problem.thread = message.id;
  message.thread = problem.thread;
  message.title = problem.latest.title;
  message.what = problem.latest.what;
  message.risk = problem.latest.risk;
  message.next = problem.latest.next;
  return message;
}

}  // namespace

std::optional<Message> Problems::found(const Finding& finding, Time now,
                                       std::chrono::seconds remind_after) {
  const auto known = open.find(finding.subject);
  if (known == open.end()) {
    auto& problem = open[finding.subject];
    problem = {finding, now, 1, {}, now + remind_after, 2 * remind_after};
    return first_message(problem, now);
  }
  auto& problem = known->second;
  if (!finding.run_key.empty() && finding.run_key == problem.latest.run_key) return std::nullopt;
  const bool worse = finding.severity > problem.latest.severity;
  problem.latest = finding;
  ++problem.times;
  if (!worse) return std::nullopt;
  problem.remind_at = now + remind_after;
  problem.interval = 2 * remind_after;
  return first_message(problem, now);
}

std::optional<Message> Problems::solved(const std::string& subject, Time now) {
  last_good[subject] = now;
  std::erase_if(last_good, [&](const auto& one) { return one.second + kept < now; });
  const auto known = open.find(subject);
  if (known == open.end()) return std::nullopt;
  auto message = message_about(known->second, Kind::recovered, now);
  message.title = known->second.latest.solved_title;
  message.what = fmt::format("It was: {}", known->second.latest.what);
  open.erase(known);
  return message;
}

std::vector<Problem> Problems::to_remind(Time now) {
  // Zero: whoever set it so wants none.
  const auto is_due = [&](const auto& entry) {
    return entry.second.interval.count() > 0 && entry.second.remind_at <= now;
  };
  if (std::ranges::none_of(open, is_due)) return {};
  std::vector<Problem> problems;
  for (auto& [subject, problem] : open) {
    problem.remind_at = now + problem.interval;
    problem.interval = std::min<std::chrono::seconds>(2 * problem.interval, longest_interval);
    problems.push_back(problem);
  }
  std::ranges::stable_sort(problems, [](const Problem& a, const Problem& b) {
    return a.latest.severity > b.latest.severity;
  });
  return problems;
}

Message reminder_of(const std::vector<Problem>& problems, Time now) {
  const auto& worst = problems.front();
  auto message = message_about(worst, Kind::reminder, now);
  if (problems.size() == 1) {
    message.title = fmt::format("still: {}", worst.latest.title);
    message.what = worst.latest.what;
    message.risk = worst.latest.risk;
    message.next = worst.latest.next;
    return message;
  }
  message.subject.clear();
  message.thread.clear();
  message.run_id.reset();
  message.times = 0;
  message.title = fmt::format("still: {} problems", problems.size());
  for (const auto& problem : problems) {
    message.since = std::min(*message.since, problem.since);
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - problem.since);
    message.what +=
        fmt::format("{}{}, for {}: {}", message.what.empty() ? "" : "\n", problem.latest.title,
                    util::format_duration(age), problem.latest.what);
  }
  message.risk = worst.latest.risk;
  message.next = "bkp notify list";
  return message;
}

}  // namespace bkp::notify
