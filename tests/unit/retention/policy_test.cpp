#include "retention/policy.hpp"

#include <catch2/catch.hpp>

#include "util/clock.hpp"

using namespace bkp;
using retention::Period;

namespace {

std::string name_of(const char* time, Period period) {
  return retention::bucket_of(util::parse_time(time), period).name;
}

long number_of(const char* time, Period period) {
  return retention::bucket_number(util::parse_time(time), period);
}

constexpr Period k_periods[] = {Period::hour,  Period::day,     Period::week,
                                Period::month, Period::quarter, Period::year};

}  // namespace

TEST_CASE("buckets have calendar names") {
  const auto* time = "2026-11-18T14:59:59Z";
  CHECK(name_of(time, Period::hour) == "2026-11-18 14:00");
  CHECK(name_of(time, Period::day) == "2026-11-18");
  CHECK(name_of(time, Period::week) == "2026-W47");
  CHECK(name_of(time, Period::month) == "2026-11");
  CHECK(name_of(time, Period::quarter) == "2026-Q4");
  CHECK(name_of(time, Period::year) == "2026");
}

TEST_CASE("an ISO week belongs to the year of its Thursday") {
  CHECK(name_of("2027-01-03T23:59:59Z", Period::week) == "2026-W53");
  CHECK(name_of("2027-01-04T00:00:00Z", Period::week) == "2027-W01");
  CHECK(name_of("2024-12-30T00:00:00Z", Period::week) == "2025-W01");
  CHECK(name_of("2021-01-01T12:00:00Z", Period::week) == "2020-W53");
}

TEST_CASE("a week is one bucket from Monday to Sunday") {
  const auto monday = number_of("2026-11-16T00:00:00Z", Period::week);
  CHECK(number_of("2026-11-22T23:59:59Z", Period::week) == monday);
  CHECK(number_of("2026-11-15T23:59:59Z", Period::week) == monday - 1);
  CHECK(number_of("2026-11-23T00:00:00Z", Period::week) == monday + 1);
}

TEST_CASE("the number changes exactly when the name does, and by one") {
  for (const auto period : k_periods) {
    auto time = util::parse_time("1969-12-28T00:30:00Z");
    auto last = retention::bucket_of(time, period);
    for (int step = 0; step < 2 * 366 * 24; ++step) {
      time += std::chrono::hours{1};
      const auto next = retention::bucket_of(time, period);
      REQUIRE(next.number == retention::bucket_number(time, period));
      REQUIRE(next.number - last.number == (next.name == last.name ? 0 : 1));
      last = next;
    }
  }
}

TEST_CASE("a policy says which rules it has") {
  config::RetentionPolicy policy;
  CHECK(retention::describe(policy) == "hourly 24, daily 30, weekly 26, monthly 12, quarterly 28");
  policy = {.last = 3,
            .within = std::chrono::hours{48},
            .hourly = 0,
            .daily = 7,
            .weekly = 0,
            .monthly = 0,
            .quarterly = 0,
            .yearly = 2};
  CHECK(retention::describe(policy) == "last 3, within 2d, daily 7, yearly 2");
  CHECK(retention::has_rules(policy));
  policy = {.hourly = 0, .daily = 0, .weekly = 0, .monthly = 0, .quarterly = 0};
  CHECK(retention::describe(policy) == "no rule");
  CHECK_FALSE(retention::has_rules(policy));
}
