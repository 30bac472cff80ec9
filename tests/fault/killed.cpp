// Runs that die: nothing half-done looks good, and the next run succeeds.
#include <csignal>

#include "fault/fault_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site whose dump takes minutes, because the configuration slows it down. That pg_dump ended is
/// noticed when what it wrote is through, so where that matters the rate is higher.
struct SlowSite : FaultSite {
  explicit SlowSite(const std::string& rate = "64KiB/s")
      : FaultSite{"limits: {rate: " + rate + "}\n"} {}
};

}  // namespace

TEST_CASE("kill -9 in mid-dump: no backup, the debris goes with the next run") {
  SlowSite site;
  auto run = site.started_full();
  run.signal(SIGKILL);
  CHECK(run.wait().signal == SIGKILL);
  CHECK(site.objects() > 0);
  CHECK(site.backups_with("running") == "1");
  const auto list = site.run({"list"});
  CAPTURE(list);
  CHECK(site.backups_with("running") == "0");
  CHECK_THAT(list.out, Contains("failed") && !Contains("running"));
  site.check_recovery();
  CHECK(site.backups_with("failed") == "1");
}

TEST_CASE("SIGTERM in mid-dump: pg_dump is ended, what was written removed, the row closed") {
  SlowSite site;
  auto run = site.started_full();
  run.signal(SIGTERM);
  const auto outcome = run.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 128 + SIGTERM);
  CHECK_THAT(outcome.err, Contains("signal 15"));
  CHECK(site.objects() == 0);
  CHECK(site.last_run() == "cancelled");
  CHECK(site.backups_with("cancelled") == "1");
  CHECK(wait_until([&] { return !site.dumping(); }));
  site.check_recovery();
}

TEST_CASE("the server dies in mid-dump: exit 5, nothing looks good") {
  SlowSite site{"1MiB/s"};
  auto run = site.started_full();
  site.cluster().kill();
  const auto outcome = run.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 5);
  CHECK_THAT(outcome.err, Contains("pg_dump failed"));
  CHECK(site.objects() == 0);
  site.cluster().start();
  site.check_recovery();
}

TEST_CASE("a second run is told who holds the lock, and waits when asked to") {
  SlowSite site;
  auto first = site.started_full();
  const auto second = site.run({"full", "--db", "slow"});
  CAPTURE(second);
  CHECK(second.exit_code == 7);
  CHECK_THAT(second.err, Contains("pid " + std::to_string(first.pid())) && Contains("bkp full"));
  auto waiting = site.bkp().command({"full", "--db", "slow", "--lock-wait", "2min"}).start();
  REQUIRE(wait_until(
      [&] { return Contains("waiting for the write lock").match(waiting.err_so_far()); }));
  first.signal(SIGKILL);
  first.wait();
  CHECK(wait_until(
      [&] { return Contains("what an unfinished run left").match(waiting.err_so_far()); }));
}

TEST_CASE("SIGUSR1 tells how far the run is") {
  SlowSite site;
  auto run = site.started_full();
  run.signal(SIGUSR1);
  CHECK(wait_until([&] { return Contains("dumping \"slow\": ").match(run.err_so_far()); }));
  CHECK(run.running());
}

TEST_CASE("kill -9 in mid-restore: the database it leaves is named, with what drops it") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("it's slow");
  hold_restores_of(site.cluster(), "it's slow");
  site.must({"full", "--db", "it's slow"});
  const auto left_ones = [&] {
    std::vector<std::string> commands;
    const auto report = site.json({"check"});
    for (const auto& finding : report.at("result").at("checks"))
      if (finding.at("check") == "restores") commands.push_back(finding.at("fix"));
    return commands;
  };
  auto run =
      site.bkp().command({"restore", "latest", "--db", "it's slow", "--into", "half"}).start();
  REQUIRE(wait_until([&] {
    return site.cluster().psql("postgres",
                               "select count(*) from pg_stat_activity where datname = 'half' and "
                               "wait_event = 'PgSleep'") == "1";
  }));
  CHECK(left_ones().empty());
  run.signal(SIGKILL);
  run.wait();
  REQUIRE(wait_until([&] { return !left_ones().empty(); }));
  const auto next =
      site.run({"restore", "latest", "--db", "it's slow", "--into", "h", "--dry-run"});
  CAPTURE(next);
  CHECK_THAT(next.err, Contains("database \"half\" was left unfinished") && Contains("dropdb "));
  const auto commands = left_ones();
  REQUIRE(commands.size() == 1);
  output_of(Program{{"sh", "-c", commands.front()}});
  CHECK_FALSE(site.cluster().has_database("half"));
  CHECK(left_ones().empty());
}

TEST_CASE(
    "kill -9 at twenty points of a run: what list calls good is good, and the next run works") {
  FaultSite site;
  auto whole = site.must({"full", "--db", "slow"}).duration;
  constexpr int points = 20;
  int killed = 0;
  for (int attempt = 0; killed < points; ++attempt) {
    CAPTURE(attempt, killed);
    REQUIRE(attempt < 5 * points);
    // By the clock, for a run can die where it writes nothing too.
    const auto moment = std::chrono::steady_clock::now() + whole * (2 * killed + 1) / (2 * points);
    auto run = site.bkp().command({"full", "--db", "slow"}).start();
    wait_until([&] { return std::chrono::steady_clock::now() >= moment || !run.running(); });
    run.signal(SIGKILL);
    const auto outcome = run.wait();
    if (outcome.signal == SIGKILL) {
      ++killed;
    } else {
      CHECK(outcome.succeeded());
      whole = outcome.duration;  // faster than the last one: the point is tried again
    }
    const auto checked = site.json({"verify", "--all", "--level", "checksum"});
    INFO(checked.dump(1));
    CHECK(checked.at("status") == "ok");
    CHECK(checked.at("result").at("verifications").size() ==
          site.json({"list", "--status", "completed"}).at("result").at("backups").size());
  }
  site.must({"full", "--db", "slow"});
  CHECK(site.backups_with("running") == "0");
  CHECK(site.run({"verify", "--db", "slow"}).succeeded());
  const auto good = std::stoi(site.backups_with("completed"));
  CHECK(std::distance(std::filesystem::directory_iterator{site.store() / "studio/backups"}, {}) ==
        good);
}

TEST_CASE("the server is gone before the run: exit 5, the run is in the catalog later") {
  FaultSite site;
  site.cluster().kill();
  site.check_full_fails(5, "database", "socket");
  CHECK(site.objects() == 0);
  site.cluster().start();
  site.check_recovery();
  CHECK(site.cluster().psql("bkp",
                            "select count(*) from bkp.runs where command = 'full' and "
                            "status = 'failed' and exit_code = 5") == "1");
}
