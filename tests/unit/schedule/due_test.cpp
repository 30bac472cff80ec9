#include "schedule/due.hpp"

#include <catch2/catch.hpp>

#include "schedule/run_key.hpp"
#include "support/error_of.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using schedule::Schedule;
using schedule::Step;
using util::parse_time;

namespace {

std::chrono::seconds no_delay(std::chrono::seconds) {
  return 0s;
}

Schedule nightly(std::optional<std::string> next_run_at) {
  Schedule schedule;
  schedule.id = 1;
  schedule.schedule = "0 2 * * *";
  schedule.command = "full";
  if (next_run_at) schedule.next_run_at = parse_time(*next_run_at);
  return schedule;
}

Step step(const Schedule& schedule, const std::string& now) {
  return step_of(schedule, parse_time(now), no_delay);
}

}  // namespace

TEST_CASE("a new schedule is planned, and begins when its time has come") {
  const auto planned = step(nightly({}), "2026-11-27T12:00:00Z");
  CHECK(planned.kind == Step::Kind::plan);
  CHECK(planned.next_run_at == parse_time("2026-11-28T02:00:00Z"));
  CHECK_FALSE(planned.wrong_next_run_at);

  const auto schedule = nightly("2026-11-28T02:00:00Z");
  CHECK(step(schedule, "2026-11-28T01:59:59Z").kind == Step::Kind::none);
  const auto begun = step(schedule, "2026-11-28T02:00:01Z");
  CHECK(begun.kind == Step::Kind::begin);
  CHECK(begun.due_at == parse_time("2026-11-28T02:00:00Z"));
  CHECK(begun.next_run_at == parse_time("2026-11-29T02:00:00Z"));
}

TEST_CASE("of many runs that were missed the last one begins, once") {
  const auto begun = step(nightly("2026-11-20T02:00:00Z"), "2026-11-27T09:00:00Z");
  CHECK(begun.kind == Step::Kind::begin);
  CHECK(begun.due_at == parse_time("2026-11-27T02:00:00Z"));
  CHECK(begun.next_run_at == parse_time("2026-11-28T02:00:00Z"));
}

TEST_CASE("what was missed for too long does not begin") {
  auto schedule = nightly("2026-11-27T02:00:00Z");
  schedule.catch_up = 6h;
  CHECK(step(schedule, "2026-11-27T07:59:00Z").kind == Step::Kind::begin);
  const auto late = step(schedule, "2026-11-27T08:00:01Z");
  CHECK(late.kind == Step::Kind::too_late);
  CHECK(late.due_at == parse_time("2026-11-27T02:00:00Z"));
  CHECK(late.next_run_at == parse_time("2026-11-28T02:00:00Z"));
  // Cron's own minute is no lateness.
  schedule.catch_up = 0s;
  CHECK(step(schedule, "2026-11-27T02:01:30Z").kind == Step::Kind::begin);
  CHECK(step(schedule, "2026-11-27T02:04:00Z").kind == Step::Kind::too_late);
}

TEST_CASE("jitter delays the next run, and a delayed run is due when it was without") {
  auto schedule = nightly("2026-11-27T02:20:00Z");
  schedule.jitter = 30min;
  schedule.catch_up = 0s;
  CHECK(step(schedule, "2026-11-27T02:19:00Z").kind == Step::Kind::none);
  const auto begun = step_of(schedule, parse_time("2026-11-27T02:20:00Z"), [](auto most) {
    CHECK(most == 30min);
    return 7min;
  });
  CHECK(begun.kind == Step::Kind::begin);
  CHECK(begun.due_at == parse_time("2026-11-27T02:00:00Z"));
  CHECK(begun.next_run_at == parse_time("2026-11-28T02:07:00Z"));
}

TEST_CASE("a clock that is set back an hour begins nothing twice") {
  const auto schedule = nightly("2026-11-28T02:00:00Z");  // the run of the 27th has begun
  CHECK(step(schedule, "2026-11-27T01:30:00Z").kind == Step::Kind::none);
  CHECK(step(schedule, "2026-11-27T02:00:30Z").kind == Step::Kind::none);
}

TEST_CASE("what a clock that was far ahead has planned is planned again") {
  const auto planned = step(nightly("2031-01-01T02:00:00Z"), "2026-11-27T12:00:00Z");
  CHECK(planned.kind == Step::Kind::plan);
  CHECK(planned.next_run_at == parse_time("2026-11-28T02:00:00Z"));
  CHECK(planned.wrong_next_run_at == parse_time("2031-01-01T02:00:00Z"));
}

TEST_CASE("a schedule that is never due is never planned") {
  auto schedule = nightly({});
  schedule.schedule = "0 0 30 2 *";
  CHECK(step(schedule, "2026-11-27T12:00:00Z").kind == Step::Kind::none);
  CHECK(coming(schedule, parse_time("2026-11-27"), 3).empty());
}

TEST_CASE("what cannot be read is an error that names it") {
  auto schedule = nightly({});
  schedule.schedule = "every night";
  CHECK_THAT(test::error_of([&] { step(schedule, "2026-11-27"); }).full_message(),
             Catch::Matchers::Contains("every night"));
  schedule = nightly({});
  schedule.time_zone = "Mars/Olympus";
  CHECK_THAT(test::error_of([&] { step(schedule, "2026-11-27"); }).full_message(),
             Catch::Matchers::Contains("Mars/Olympus"));
}

// Europe/Berlin sets its clocks forward on 29 March 2026 at 01:00Z; the machine was off from the
// evening before to noon.
TEST_CASE("a machine that was off over a change of the clocks and the end of a month") {
  auto schedule = nightly("2026-03-29T00:30:00Z");
  schedule.schedule = "30 2 * * *";
  schedule.time_zone = "Europe/Berlin";
  const auto begun = step(schedule, "2026-03-29T10:00:00Z");
  CHECK(begun.kind == Step::Kind::begin);
  CHECK(begun.due_at == parse_time("2026-03-29T01:00:00Z"));
  CHECK(begun.next_run_at == parse_time("2026-03-30T00:30:00Z"));

  schedule.schedule = "0 22 L * *";
  schedule.next_run_at = parse_time("2026-02-28T21:00:00Z");
  const auto monthly = step(schedule, "2026-03-01T09:00:00Z");
  CHECK(monthly.kind == Step::Kind::begin);
  CHECK(monthly.due_at == parse_time("2026-02-28T21:00:00Z"));
  CHECK(monthly.next_run_at == parse_time("2026-03-31T20:00:00Z"));
}

TEST_CASE("a run has one key, whoever works it out, and no other run has it") {
  const auto due = parse_time("2026-11-27T02:00:00Z");
  const auto key = schedule::run_key_of("studio", 3, due);
  CHECK_THAT(key, Catch::Matchers::Matches("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                           "[0-9a-f]{12}"));
  CHECK(schedule::run_key_of("studio", 3, due) == key);
  CHECK(schedule::run_key_of("studio", 4, due) != key);
  CHECK(schedule::run_key_of("other", 3, due) != key);
  CHECK(schedule::run_key_of("studio", 3, due + 1min) != key);
}
