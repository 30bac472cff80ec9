// Runs that die: nothing half-done looks good, and the next run succeeds.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site whose dump takes some ten seconds, because the configuration slows it down.
struct SlowSite : Site {
  SlowSite() : Site{"limits: {rate: 1MiB/s}\n"} {
    must({"init"});
    cluster().create_database("slow");
    cluster().psql(
        "slow",
        "create table t as select i, repeat(md5(i::text), 20) from generate_series(1, 16000) i");
  }

  /// Started, and writing its dump by now.
  RunningProgram started_full() {
    auto run = bkp().command({"full", "--db", "slow"}).start();
    wait_until([&] { return dumping(); });
    return run;
  }

  bool dumping() {
    return cluster().psql("postgres",
                          "select count(*) > 0 from pg_stat_activity where query like 'COPY %' and "
                          "application_name = 'pg_dump'") == "t";
  }

  std::string backups_with(const std::string& status) {
    return cluster().psql(
        "bkp",
        "select count(*) from bkp.backups b join bkp.job_statuses s on s.id = b.status_id "
        "where s.name = '" +
            status + "'");
  }

  std::string last_run() {
    return cluster().psql(
        "bkp", "select status from bkp.runs where command = 'full' order by id desc limit 1");
  }

  std::size_t objects() const {
    std::size_t count = 0;
    const auto backups = store() / "studio/backups";
    if (!std::filesystem::exists(backups)) return 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{backups})
      count += entry.is_regular_file();
    return count;
  }

  /// list shows nothing good, and without the limit the next run succeeds and has cleaned up.
  void check_recovery() {
    const auto list = json({"list"});
    for (const auto& backup : list.at("result").at("backups"))
      CHECK(backup.at("status") != "completed");
    CHECK(run({"verify"}).exit_code == 10);
    write_config(base_config());
    const auto next = json({"full", "--db", "slow"});
    INFO(next.dump(1));
    CHECK(next.at("status") == "ok");
    CHECK(backups_with("running") == "0");
    CHECK(backups_with("completed") == "1");
    CHECK(run({"verify", "--db", "slow"}).succeeded());
  }
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
  const auto labels =
      std::distance(std::filesystem::directory_iterator{site.store() / "studio/backups"}, {});
  CHECK(labels == 1);
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
  wait_until([&] { return !site.dumping(); });
  site.check_recovery();
}

TEST_CASE("the server dies in mid-dump: exit 5, nothing looks good") {
  SlowSite site;
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
  wait_until(
      [&] { return waiting.err_so_far().find("waiting for the write lock") != std::string::npos; });
  first.signal(SIGKILL);
  first.wait();
  wait_until([&] { return waiting.err_so_far().find("removed the remains") != std::string::npos; });
}

TEST_CASE("SIGUSR1 tells how far the run is") {
  SlowSite site;
  auto run = site.started_full();
  run.signal(SIGUSR1);
  wait_until([&] { return run.err_so_far().find("dumping \"slow\": ") != std::string::npos; });
  CHECK(run.running());
}

TEST_CASE("kill -9 in mid-restore: the database it leaves is named, with what drops it") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("it's slow");
  site.cluster().psql("it's slow",
                      "create table t (i int check (pg_sleep(case current_database() when 'it''s "
                      "slow' then 0 else 600 end)::text = '')); insert into t values (1)");
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
  wait_until([&] {
    return site.cluster().psql("postgres",
                               "select count(*) from pg_stat_activity where datname = 'half' and "
                               "wait_event = 'PgSleep'") == "1";
  });
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
