#include "schedule/due.hpp"

#include <algorithm>

#include "cron/expression.hpp"

namespace bkp::schedule {

namespace {

// Cron calls once a minute, and a call may take a moment.
constexpr std::chrono::seconds usual_delay{180};

}  // namespace

Step step_of(const Schedule& schedule, Time now, const Delay& delay) {
  const cron::Expression expression{schedule.schedule};
  const cron::TimeZone zone{schedule.time_zone};
  const auto coming = expression.next(now, zone);
  const auto planned = [&]() -> std::optional<Time> {
    if (!coming) return std::nullopt;
    return *coming + delay(schedule.jitter);
  };
  if (!schedule.next_run_at) {
    if (!coming) return {};
    return {Step::Kind::plan, {}, planned(), {}};
  }
  if (*schedule.next_run_at > now) {
    const auto after_that = coming ? expression.next(*coming, zone) : std::nullopt;
    const auto farthest = after_that ? after_that : coming;
    if (farthest && *schedule.next_run_at <= *farthest + schedule.jitter) return {};
    return {Step::Kind::plan, {}, planned(), schedule.next_run_at};
  }
  const auto earliest = now - std::max(schedule.catch_up, usual_delay) - schedule.jitter;
  if (const auto due = expression.last(earliest, now, zone))
    return {Step::Kind::begin, *due, planned(), {}};
  return {Step::Kind::too_late, *schedule.next_run_at, planned(), {}};
}

std::vector<Time> coming(const Schedule& schedule, Time after, std::size_t count) {
  const cron::Expression expression{schedule.schedule};
  const cron::TimeZone zone{schedule.time_zone};
  std::vector<Time> moments;
  for (auto at = expression.next(after, zone); at && moments.size() < count;
       at = expression.next(*at, zone))
    moments.push_back(*at);
  return moments;
}

}  // namespace bkp::schedule
