#include "schedule/due.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include "cron/expression.hpp"
#include "util/rng.hpp"
#include "util/units.hpp"

namespace bkp::schedule {

namespace {

// Cron calls once a minute, and a call may take a moment.
constexpr std::chrono::seconds usual_delay{180};

}  // namespace

std::chrono::seconds random_delay(std::chrono::seconds most) {
  if (most.count() <= 0) return {};
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  util::random_bytes(bytes);
  const auto number = std::bit_cast<std::uint64_t>(bytes);
  return std::chrono::seconds{
      static_cast<std::int64_t>(number % (static_cast<std::uint64_t>(most.count()) + 1))};
}

std::chrono::seconds allowed_lateness(const Schedule& schedule) {
  return std::max(schedule.catch_up, usual_delay) + schedule.jitter;
}

std::string reason_too_late(Time due_at, std::chrono::seconds may_be_late) {
  return fmt::format("it was due at {} and may be late by {} at most", util::format_rfc3339(due_at),
                     util::format_duration(may_be_late));
}

std::optional<Time> first_run(const Schedule& schedule, Time now, const Delay& delay) {
  const auto next =
      cron::Expression{schedule.schedule}.next(now, cron::TimeZone{schedule.time_zone});
  if (!next) return std::nullopt;
  return *next + delay(schedule.jitter);
}

Step step_of(const Schedule& schedule, Time now, const Delay& delay) {
  const cron::Expression expression{schedule.schedule};
  const cron::TimeZone zone{schedule.time_zone};
  const auto coming = expression.next(now, zone);
  const auto planned = [&]() -> std::optional<Time> {
    if (!coming) return std::nullopt;
    return *coming + delay(schedule.jitter);
  };
  if (!schedule.next_run_at) {
    // It was changed the moment it was due, perhaps.
    const auto due = expression.last(now - usual_delay, now, zone);
    if (due && schedule.last_run_at && *schedule.last_run_at < *due)
      return {Step::Kind::begin, *due, planned(), {}};
    if (!coming) return {};
    return {Step::Kind::plan, {}, planned(), {}};
  }
  if (*schedule.next_run_at > now) {
    const auto after_that = coming ? expression.next(*coming, zone) : std::nullopt;
    const auto farthest = after_that ? after_that : coming;
    if (farthest && *schedule.next_run_at <= *farthest + schedule.jitter) return {};
    return {Step::Kind::plan, {}, planned(), schedule.next_run_at};
  }
  if (const auto due = expression.last(now - allowed_lateness(schedule), now, zone))
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
