#include "schedule/crontab.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using Catch::Matchers::Contains;
using schedule::Schedule;

namespace {

std::string crontab(Schedule one, const std::string& user = {}) {
  one.id = 3;
  if (one.command.empty()) one.command = "full";
  return schedule::to_crontab({one}, {"/etc/bkp/bkp.yaml", "UTC", user});
}

Schedule at(const std::string& expression) {
  Schedule one;
  one.schedule = expression;
  return one;
}

constexpr auto job =
    "bkp full --config /etc/bkp/bkp.yaml --triggered-by schedule -q --lock-wait 24h\n";

}  // namespace

TEST_CASE("a schedule is an entry of a crontab, with a user where one is wanted") {
  CHECK_THAT(crontab(at("0 2 * * *")), Contains(std::string{"\n0 2 * * * "} + job));
  CHECK_THAT(crontab(at("@daily"), "bkp"), Contains(std::string{"\n@daily bkp "} + job));
}

TEST_CASE("what cron does not know is said: other zones, jitter, the last day") {
  auto berlin = at("0 2 * * *");
  berlin.time_zone = "Europe/Berlin";
  berlin.jitter = std::chrono::minutes{5};
  const auto text = crontab(berlin);
  CHECK_THAT(text, Contains("\n#0 2 * * * bkp full") && Contains("works in UTC") &&
                       Contains("up to 5min later"));
  constexpr auto guard = R"x([ "$(date -d tomorrow +\%d)" = 01 ] && )x";
  CHECK_THAT(crontab(at("0 22 L * *")), Contains(std::string{"\n0 22 28-31 * * "} + guard + job));
  const auto both = crontab(at("0 22 15,L * *"));
  constexpr auto not_last = R"x([ "$(date -d tomorrow +\%d)" != 01 ] && )x";
  CHECK_THAT(both, Contains(std::string{"\n0 22 15 * * "} + not_last + job) &&
                       Contains(std::string{"\n0 22 28-31 * * "} + guard + job));
  CHECK_THAT(crontab(at("0 22 L * fri")),
             Contains(std::string{"\n0 22 * * fri "} + not_last + job));
}

TEST_CASE("a percent sign and a quote reach the command, and what is disabled stays off") {
  auto one = at("0 2 * * *");
  one.command = "full --db '50% \"x\"'";
  one.enabled = false;
  CHECK_THAT(crontab(one), Contains(R"x(--db '50\% "x"')x"));
}

TEST_CASE("what cannot be read does not become a line") {
  auto one = at("0 2 * * *\n* * * * * root reboot");
  CHECK_THAT(crontab(one), !Contains("\n* * * * *"));
  one = at("0 2 * * *");
  one.time_zone = "UTC\n* * * * * root reboot";
  CHECK_THAT(crontab(one), !Contains("\n* * * * *") && Contains("cannot be read"));
  one = at("0 2 * * *");
  one.command = "full > /dev/null";
  CHECK_THAT(crontab(one), Contains("cannot be read") && !Contains("\n0 2"));
}
