#include "notify/problems.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/rng.hpp"
#include "util/units.hpp"

namespace bkp::notify {

namespace {

Message message_about(const Problem& problem, Kind kind, Time now) {
  Message message;
  message.id = util::random_uuid();
  message.kind = kind;
  message.severity = problem.worst.severity;
  message.subject = problem.worst.subject;
  message.since = problem.since;
  message.times = problem.times;
  message.run_id = problem.worst.run_id;
  message.at = now;
  message.thread = problem.thread;
  return message;
}

Message full_message(const Problem& problem, Kind kind, Time now) {
  auto message = message_about(problem, kind, now);
  message.title = problem.worst.title;
  message.what = problem.worst.what;
  message.risk = problem.worst.risk;
  message.next = problem.worst.next;
  return message;
}

Message first_message(Problem& problem, Time now) {
  auto message = full_message(problem, Kind::problem, now);
  if (problem.thread.empty()) problem.thread = message.id;
  message.thread = problem.thread;
  return message;
}

std::chrono::seconds next_interval(std::chrono::seconds interval,
                                   std::chrono::seconds remind_after) {
  return std::min(2 * interval, std::max<std::chrono::seconds>(longest_interval, remind_after));
}

}  // namespace

std::optional<Message> Problems::found(const Finding& finding, Time now,
                                       std::chrono::seconds remind_after) {
  const auto remind_later = [&](Problem& problem) {
    problem.remind_at = now + remind_after;
    problem.interval = next_interval(remind_after, remind_after);
  };
  const auto known = open.find(finding.subject);
  if (known == open.end()) {
    auto& problem = open[finding.subject];
    problem = {finding, finding.run_key, now, 1, {}, {}, {}};
    remind_later(problem);
    return first_message(problem, now);
  }
  auto& problem = known->second;
  if (!finding.run_key.empty() && finding.run_key == problem.run_key) return std::nullopt;
  problem.run_key = finding.run_key;
  ++problem.times;
  const bool worse = finding.severity > problem.worst.severity;
  // What is milder does not hide what was told.
  if (finding.severity >= problem.worst.severity) problem.worst = finding;
  if (!worse) return std::nullopt;
  remind_later(problem);
  return first_message(problem, now);
}

std::optional<Message> Problems::solved(const std::string& subject, Time now) {
  const auto known = open.find(subject);
  if (known == open.end()) return std::nullopt;
  auto message = message_about(known->second, Kind::recovered, now);
  message.title = known->second.worst.solved_title;
  message.what = fmt::format("It was: {}", known->second.worst.what);
  message.run_id.reset();  // that of the failure
  open.erase(known);
  return message;
}

std::vector<Problem> Problems::to_remind(Time now, std::chrono::seconds remind_after) {
  if (remind_after.count() == 0) return {};
  const auto furthest = now + 2 * std::max<std::chrono::seconds>(longest_interval, remind_after);
  const auto is_due = [&](const auto& entry) {
    // Further ahead than any interval: a clock that was wrong has put it there.
    return entry.second.remind_at <= now || entry.second.remind_at > furthest;
  };
  if (std::ranges::none_of(open, is_due)) return {};
  std::vector<Problem> problems;
  for (auto& [subject, problem] : open) {
    problem.interval = std::max(problem.interval, std::chrono::seconds{60});
    problem.remind_at = now + problem.interval;
    problem.interval = next_interval(problem.interval, remind_after);
    problems.push_back(problem);
  }
  std::ranges::stable_sort(problems, [](const Problem& a, const Problem& b) {
    return a.worst.severity > b.worst.severity;
  });
  return problems;
}

Message reminder_of(const std::vector<Problem>& problems, Time now) {
  const auto& worst = problems.front();
  auto message = full_message(worst, Kind::reminder, now);
  if (problems.size() == 1) {
    message.title = fmt::format("still: {}", message.title);
    return message;
  }
  message.subject.clear();
  message.thread.clear();
  message.run_id.reset();
  message.times = 0;
  message.title = fmt::format("still: {} problems", problems.size());
  message.what.clear();
  for (const auto& problem : problems) {
    message.since = std::min(*message.since, problem.since);
    message.what +=
        fmt::format("{}{}, for {}: {}", message.what.empty() ? "" : "\n", problem.worst.title,
                    util::format_age(problem.since, now), problem.worst.what);
  }
  message.next = "bkp notify list";
  return message;
}

}  // namespace bkp::notify
