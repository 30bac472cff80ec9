// Clocks that change, stand still or go back: runs are made once, and none is forgotten.
#include <catch2/catch.hpp>

#include "support/scheduled_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// Calls run-due at that moment, UTC, as often as it takes until nothing is due.
void follow_at(ScheduledSite& site, const std::string& moment) {
  const auto left = [&] {
    return site.psql("select count(*) from bkp.backup_schedules where next_run_at <= '" + moment +
                     "+00'") != "0";
  };
  do {
    output_of(site.command_at("@" + moment, {"schedule", "run-due"}));
  } while (left());
}

std::string next_run(ScheduledSite& site, const std::string& id) {
  return site.psql(
      "select to_char(next_run_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') "
      "from bkp.backup_schedules where id = " +
      id);
}

std::string count_of_runs(ScheduledSite& site, const std::string& id) {
  return site.psql(
      "select count(*) filter (where status = 'completed') || ' of ' || count(*) "
      "from bkp.runs where schedule_id = " +
      id);
}

/// As if it had been entered at that moment.
std::string add_at(ScheduledSite& site, const std::string& schedule, const std::string& zone,
                   const std::string& command) {
  const auto answer = site.json({"schedule", "add", "--schedule", schedule, "--time-zone", zone,
                                 "--catch-up", "7d", command});
  const auto id = std::to_string(answer["result"]["schedules"].at(0)["id"].get<int>());
  site.psql("update bkp.backup_schedules set next_run_at = null where id = " + id);
  return id;
}

}  // namespace

TEST_CASE("a machine that was off over a change to summer time and a month's end makes up once") {
  ScheduledSite site;
  // 2027-03-28 has no 02:30 in Berlin.
  const auto nightly = add_at(site, "30 2 * * *", "Europe/Berlin", "prune");
  const auto monthly = add_at(site, "0 0 L * *", "UTC", "prune --dry-run");
  follow_at(site, "2027-03-27 12:00:00");
  CHECK(next_run(site, nightly) == "2027-03-28 01:00");
  CHECK(next_run(site, monthly) == "2027-03-31 00:00");
  follow_at(site, "2027-04-01 09:00:00");
  CHECK(count_of_runs(site, nightly) == "1 of 1");
  CHECK(count_of_runs(site, monthly) == "1 of 1");
  CHECK(next_run(site, nightly) == "2027-04-02 00:30");
  CHECK(next_run(site, monthly) == "2027-04-30 00:00");
}

TEST_CASE(
    "a machine that was off over the end of summer time makes up once, and goes on by the zone") {
  ScheduledSite site;
  // 2027-10-31 has 02:30 twice in Berlin.
  const auto nightly = add_at(site, "30 2 * * *", "Europe/Berlin", "prune");
  follow_at(site, "2027-10-30 12:00:00");
  CHECK(next_run(site, nightly) == "2027-10-31 00:30");
  follow_at(site, "2027-10-31 00:45:00");
  follow_at(site, "2027-10-31 01:45:00");
  CHECK(count_of_runs(site, nightly) == "1 of 1");
  CHECK(next_run(site, nightly) == "2027-11-01 01:30");
}

TEST_CASE("a clock that is set back an hour repeats no run, and one that jumps ahead loses none") {
  ScheduledSite site;
  const auto hourly = add_at(site, "0 * * * *", "UTC", "prune");
  follow_at(site, "2027-01-10 10:30:00");
  follow_at(site, "2027-01-10 11:00:30");
  CHECK(count_of_runs(site, hourly) == "1 of 1");
  for (const auto* const moment :
       {"2027-01-10 10:00:30", "2027-01-10 10:59:30", "2027-01-10 11:00:40"})
    follow_at(site, moment);
  CHECK(count_of_runs(site, hourly) == "1 of 1");
  CHECK(next_run(site, hourly) == "2027-01-10 12:00");
  follow_at(site, "2027-01-10 15:20:00");
  CHECK(count_of_runs(site, hourly) == "2 of 2");
  CHECK(next_run(site, hourly) == "2027-01-10 16:00");
}

TEST_CASE("check names a clock that is not the server's, and a schedule whose runs are left out") {
  ScheduledSite site;
  CHECK_THAT(site.run({"check"}).out, Contains("as the server's"));
  CHECK_THAT(site.command_at("+10min", {"check"}).run().out,
             Contains("the clock of this host is 10min ahead of the server's"));
  CHECK_THAT(site.command_at("-1h", {"check"}).run().out,
             Contains("the clock of this host is 1h behind the server's"));
  const auto id = site.add("prune");
  for (int i = 0; i < 3; ++i) {
    site.psql(
        "insert into bkp.runs (run_key, command, triggered_by, started_at, finished_at, status, "
        "error_message, schedule_id, due_at) values (gen_random_uuid(), 'prune', 'schedule', "
        "now(), now(), 'cancelled', 'the run before is still going', " +
        id + ", now())");
  }
  CHECK_THAT(site.run({"check"}).out, Contains("its last 3 runs were left out: the run before is"));
}
