// run-due dies at any point, and its processes with it or without it: no run is lost, none is made
// twice.
#include <catch2/catch.hpp>

#include <csignal>
#include <random>
#include <thread>

#include "support/scheduled_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

int number(ScheduledSite& site, const std::string& sql) {
  return std::stoi(site.psql(sql));
}

}  // namespace

TEST_CASE("run-due is killed at random moments: every run is made, once") {
  ScheduledSite site;
  site.add("full --db studio");
  site.add("prune");
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  constexpr int rounds = 25;
  for (int round = 0; round < rounds; ++round) {
    site.make_all_due(round);
    auto running = site.command({"schedule", "run-due"}).start();
    std::this_thread::sleep_for(
        std::chrono::milliseconds{std::uniform_int_distribution{0, 400}(random)});
    running.signal(SIGKILL);
    running.wait();
    // Its processes go on; later calls begin what it could not.
    site.follow();
    CAPTURE(round);
    CHECK(number(site, "select count(*) from bkp.runs where schedule_id is not null") ==
          2 * (round + 1));
    CHECK(number(site, "select count(*) from bkp.backups") == round + 1);
  }
  CHECK(site.psql("select distinct status from bkp.runs where schedule_id is not null") ==
        "completed");
}

TEST_CASE("a process of a schedule that is killed leaves a failed run, and the next is made") {
  ScheduledSite site;
  const auto id = site.add("full --db studio");
  const auto lock = site.hold_write_lock();
  auto running = site.start_run_of(id);
  site.kill_run_of(id);
  const auto outcome = running.wait();
  INFO(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("killed by signal 9"));
  CHECK(site.runs(id) == "failed schedule full ");
  site.release(lock);
  site.make_all_due(1);
  CHECK(site.must({"schedule", "run-due"}).succeeded());
  CHECK(number(site,
               "select count(*) from bkp.backups where status_id = (select id from "
               "bkp.job_statuses where name = 'completed')") == 1);
}

TEST_CASE("run-due is killed while the catalog is down: every run is made, once") {
  ScheduledSite site;
  site.add("prune");
  site.must({"schedule", "run-due"});
  site.cluster().stop();
  std::mt19937 random{std::random_device{}()};
  constexpr int rounds = 10;
  for (int round = 1; round <= rounds; ++round) {
    const auto shift = "+" + std::to_string(25 * round) + "h";
    auto running = site.command_at(shift, {"schedule", "run-due"}).start();
    std::this_thread::sleep_for(
        std::chrono::milliseconds{std::uniform_int_distribution{0, 300}(random)});
    running.signal(SIGKILL);
    running.wait();
    CHECK(site.command_at(shift, {"schedule", "run-due"}).run().exit_code == 0);
  }
  site.cluster().start();
  // Whoever comes first delivers what was noted.
  REQUIRE(wait_until([&] {
    site.must({"list"});
    return number(site,
                  "select count(*) from bkp.runs where command = 'prune' and status = "
                  "'completed'") >= rounds;
  }));
  CHECK(number(site, "select count(*) from bkp.runs where command = 'prune'") == rounds);
  CHECK(number(site, "select count(distinct due_at) from bkp.runs where command = 'prune'") ==
        rounds);
}

TEST_CASE("two run-due at once begin a run once") {
  ScheduledSite site;
  const auto id = site.add("full --db studio");
  for (int round = 0; round < 5; ++round) {
    site.make_all_due(round);
    auto first = site.command({"schedule", "run-due"}).start();
    auto second = site.command({"schedule", "run-due"}).start();
    CHECK(first.wait().succeeded());
    CHECK(second.wait().succeeded());
    CHECK(number(site, "select count(*) from bkp.backups") == round + 1);
  }
}

TEST_CASE("a schedule that is edited or removed while it runs disturbs nothing") {
  ScheduledSite site;
  const auto id = site.add("full --db studio");
  const auto run = [&](const std::vector<std::string>& change, const std::string& expected) {
    const auto lock = site.hold_write_lock();
    auto running = site.command({"schedule", "run-due"}).start();
    REQUIRE(wait_until([&] {
      return number(site, "select count(*) from bkp.runs where status = 'running'") == 1;
    }));
    site.must(change);
    site.release(lock);
    const auto outcome = running.wait();
    INFO(outcome);
    CHECK(outcome.succeeded());
    CHECK(site.psql("select status || ' ' || coalesce(schedule_id::text, '-') from bkp.runs where "
                    "triggered_by = 'schedule' order by id desc limit 1") == expected);
  };
  site.make_due(id);
  run({"schedule", "edit", id, "--schedule", "0 4 * * *", "prune"}, "completed " + id);
  site.must({"schedule", "edit", id, "full --db studio"});
  site.make_all_due(7);
  run({"schedule", "remove", id}, "completed -");
  CHECK(number(site, "select count(*) from bkp.backups") == 2);
}
