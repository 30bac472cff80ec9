// Schedules: entered by init, changed by hand, followed by run-due, which cron calls.
#include <catch2/catch.hpp>
#include <set>

#include <csignal>
#include <filesystem>

#include "e2e/check_failure.hpp"
#include "support/scheduled_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;
using nlohmann::json;

TEST_CASE("init enters the schedules where there are none, and run-due has nothing to do") {
  Site site;
  const auto first = site.must({"init"});
  CHECK_THAT(first.out, Contains("schedule 1 is entered: full, 0 2 * * * in UTC"));
  const auto schedules = site.json({"schedule", "list"})["result"]["schedules"];
  REQUIRE(schedules.size() == 10);
  for (const auto& one : schedules) {
    CAPTURE(one);
    // Nothing is archived here, and there is no channel.
    const std::set<std::string> of_no_use{"incr", "wal-check", "assets-check", "status",
                                          "notify summary"};
    CHECK(one["enabled"] == !of_no_use.contains(one["command"].get<std::string>()));
    CHECK(one["next_run_at"].is_null() != one["enabled"].get<bool>());
  }
  CHECK(schedules[0]["backup_type"] == "full");
  CHECK_THAT(site.must({"init"}).out, !Contains("entered"));
  CHECK(site.json({"schedule", "list"})["result"]["schedules"] == schedules);

  CHECK(site.must({"schedule", "run-due"}).out == "nothing is due\n");
  CHECK(site.must({"schedule", "run-due", "-q"}).out.empty());
  const auto checked = site.json({"check"});
  for (const auto& finding : checked["result"]["checks"]) {
    CAPTURE(finding.dump());
    if (finding["check"] == "schedules") CHECK(finding["status"] == "ok");
  }
}

TEST_CASE("the configuration's schedules are entered, and one that cannot be is an error") {
  Site site{
      "schedules: [{command: \"full --db x\", schedule: '@hourly', time_zone: Asia/Tokyo,\n"
      "             destination: local, jitter: 5min, catch_up: 2h}]\n"};
  site.must({"init"});
  const auto one = site.json({"schedule", "list"})["result"]["schedules"].at(0);
  CHECK(one["command"] == "full --db x");
  CHECK(one["time_zone"] == "Asia/Tokyo");
  CHECK(one["destination"] == "local");
  CHECK(one["jitter"] == 300);
  CHECK(one["catch_up"] == 7200);

  Site wrong{"schedules: [{command: \"full --methud base\", schedule: '0 2 * * *'}]\n"};
  const auto outcome = wrong.run({"init"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 4);
  CHECK_THAT(outcome.err, Contains("--methud") && Contains("--method"));
}

TEST_CASE("schedules are added, changed, switched, removed, and every change is audited") {
  Site site{"schedules: []\n"};
  site.must({"init"});
  CHECK_THAT(site.must({"schedule", "list"}).out, Contains("there is no schedule"));
  site.must({"schedule", "add", "--schedule", "30 1 * * sun", "--time-zone", "Europe/Berlin", "--",
             "full", "--method", "base"});
  site.must({"schedule", "add", "--schedule", "0 6 * * *", "--policy", "{daily: 7}", "prune"});
  const auto listed = site.json({"schedule", "list"})["result"]["schedules"];
  CHECK(listed[0]["command"] == "full --method base");
  CHECK(listed[1]["retention_policy_json"]["daily"] == 7);

  site.must({"schedule", "edit", "1", "--schedule", "45 1 * * sun", "--destination", "local"});
  auto changed = site.json({"schedule", "list"})["result"]["schedules"][0];
  CHECK(changed["schedule"] == "45 1 * * sun");
  CHECK(changed["destination"] == "local");
  CHECK(changed["command"] == "full --method base");
  CHECK(changed["next_run_at"] != listed[0]["next_run_at"]);
  site.must({"schedule", "edit", "1", "--destination", "", "full"});
  changed = site.json({"schedule", "list"})["result"]["schedules"][0];
  CHECK(changed["destination"].is_null());
  CHECK(changed["command"] == "full");

  site.must({"schedule", "disable", "1", "2"});
  CHECK(site.json({"schedule", "list"})["result"]["schedules"][1]["next_run_at"].is_null());
  CHECK(site.must({"schedule", "next"}).out == "nothing is due, ever\n");
  site.must({"schedule", "enable", "2"});
  CHECK(site.json({"schedule", "next", "3"})["result"]["runs"].size() == 3);
  site.must({"schedule", "remove", "1"});
  CHECK(site.json({"schedule", "list"})["result"]["schedules"].size() == 1);
  CHECK(site.cluster().psql("bkp",
                            "select string_agg(action, ' ' order by id) from bkp.audit_log "
                            "where action like 'schedule.%'") ==
        "schedule.add schedule.add schedule.edit schedule.edit schedule.disable schedule.disable "
        "schedule.enable schedule.remove");

  const auto tried = site.must(
      {"schedule", "next", "2", "--schedule", "0 2 29 2 *", "--time-zone", "America/New_York"});
  CHECK_THAT(tried.out, Contains("02:00 America/New_York"));
  const auto before = site.json({"schedule", "list"});
  site.must({"schedule", "remove", "2", "--dry-run"});
  site.must({"schedule", "edit", "2", "--dry-run", "--schedule", "0 7 * * *"});
  CHECK(site.json({"schedule", "list"})["result"] == before["result"]);
}

TEST_CASE("what cannot be a schedule is refused, says why, and enters nothing") {
  Site site{"schedules: []\n"};
  site.must({"init"});
  const auto refused = [&](std::vector<std::string> arguments, const std::string& text) {
    arguments.insert(arguments.begin(), {"schedule"});
    check_failure(site, arguments, 2, "usage", text);
  };
  refused({"add", "full"}, "needs --schedule");
  refused({"add", "--schedule", "0 25 * * *", "full"}, "hour");
  refused({"add", "--schedule", "0 2 30 2 *", "full"}, "never due");
  refused({"add", "--schedule", "@daily", "--time-zone", "Berlin", "full"}, "time zone");
  refused({"add", "--schedule", "@daily", "fulll"}, "fulll");
  refused({"add", "--schedule", "@daily", "full --methd base"}, "--methd");
  refused({"add", "--schedule", "@daily", "full; rm -rf /"}, "for a shell");
  refused({"add", "--schedule", "@daily", "schedule run-due"}, "nothing for a schedule");
  refused({"add", "--schedule", "@daily", "full --config /x"}, "--config");
  refused({"add", "--schedule", "@daily", "--policy", "{daily: 7}", "full"}, "prune");
  refused({"add", "--schedule", "@daily", "--policy", "{dialy: 7}", "prune"}, "dialy");
  refused({"add", "--schedule", "@daily", "--destination", "local", "check"}, "--store");
  refused({"list", "1"}, "nothing more");
  refused({"run-due", "--jitter", "5min"}, "--jitter means nothing");
  refused({"edit", "x", "full"}, "\"x\"");
  refused({"crontab", "--user", "bkp\n* * * * * root reboot"}, "no user's name");
  refused({"add", "--schedule", "@daily", "--catch-up", "3000d", "full"}, "a year");
  check_failure(site, {"schedule", "add", "--schedule", "@daily", "--destination", "moon", "full"},
                10, "not_found", "moon");
  check_failure(site, {"schedule", "remove", "7"}, 10, "not_found", "schedule 7");
  CHECK(site.json({"schedule", "list"})["result"]["schedules"].empty());
}

TEST_CASE("run-due begins what is due, once, and moves the schedule on") {
  ScheduledSite site;
  const auto id = site.add("full --db studio");
  const auto never = site.add("prune");
  site.make_due(id);
  const auto outcome = site.must({"schedule", "run-due"});
  CAPTURE(outcome);
  CHECK_THAT(outcome.out, Contains("full --db studio: done"));
  CHECK(site.runs(id) == "completed schedule full 0");
  CHECK(site.runs(never).empty());
  const auto backups = site.json({"list"})["result"]["backups"];
  REQUIRE(backups.size() == 1);
  CHECK(site.psql("select triggered_by from bkp.backups") == "schedule");
  CHECK(site.psql("select b.run_id = r.id from bkp.backups b, bkp.runs r where r.schedule_id = " +
                  id) == "t");
  CHECK(site.psql("select next_run_at > now() and last_run_at < now() from bkp.backup_schedules "
                  "where id = " +
                  id) == "t");
  CHECK(site.must({"schedule", "run-due"}).out == "nothing is due\n");
  // Whoever turns the table back does not make it run again: it is the same run.
  site.make_due(id);
  CHECK(site.must({"schedule", "run-due"}).out == "nothing is due\n");
  CHECK(site.json({"list"})["result"]["backups"].size() == 1);
  CHECK_THAT(site.must({"schedule", "list"}).out, Contains("completed"));
}

TEST_CASE("several that are due run beside each other; one that fails is said, and fails run-due") {
  ScheduledSite site;
  const auto good = site.add("full --db studio");
  const auto bad = site.add("full --db nowhere");
  const auto other = site.add("prune");
  site.make_all_due_now();
  const auto outcome = site.run({"schedule", "run-due", "-q"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("nowhere") && Contains("1 of 3 runs that were due failed"));
  CHECK(site.runs(good) == "completed schedule full 0");
  CHECK(site.runs(bad) == "failed schedule full 10");
  CHECK(site.runs(other) == "completed schedule prune 0");
}

TEST_CASE("what was missed begins one after the other, in the order in which it was due") {
  ScheduledSite site;
  const auto prune = site.add("prune");
  const auto full = site.add("full --db studio");
  site.psql("update bkp.backup_schedules set schedule = '" + ScheduledSite::far_off(1) +
            "' where id = " + prune);
  site.psql("update bkp.backup_schedules set next_run_at = now() - interval '1 hour' where id = " +
            full);
  site.make_due(prune);
  const auto first = site.must({"schedule", "run-due"}).out;
  CHECK_THAT(first, Contains("full --db studio: done") &&
                        Contains("prune: waits: what was due before it goes first"));
  CHECK(site.runs(prune).empty());
  CHECK_THAT(site.must({"schedule", "run-due"}).out, Contains("prune: done"));
  CHECK(site.must({"schedule", "run-due"}).out == "nothing is due\n");
}

TEST_CASE("a run that is still going is not begun again, and that is said") {
  ScheduledSite site;
  const auto id = site.add("full --db studio");
  const auto lock = site.hold_write_lock();
  auto first = site.start_run_of(id);
  site.make_all_due(1);
  const auto second = site.must({"schedule", "run-due"});
  CHECK_THAT(second.err, Contains("still going"));
  CHECK(site.psql("select status || ' ' || error_message from bkp.runs where schedule_id = " + id +
                  " order by id desc limit 1")
            .starts_with("cancelled the one before is still going"));
  site.release(lock);
  const auto outcome = first.wait();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK(site.json({"list"})["result"]["backups"].size() == 1);
}

TEST_CASE("what was missed is made up for once, or left out when it is too old") {
  ScheduledSite site;
  const auto id = site.add("prune");
  site.psql("update bkp.backup_schedules set next_run_at = now() - interval '9 days' where id = " +
            id);
  CHECK_THAT(site.must({"schedule", "run-due"}).out, Contains("prune: done"));
  CHECK(site.runs(id) == "completed schedule prune 0");

  const auto old = site.add("prune", "--catch-up", "0s");
  site.psql(
      "update bkp.backup_schedules set next_run_at = now() - interval '9 days', schedule = "
      "to_char(now() at time zone 'UTC' - interval '2 hours', 'MI HH24 * * *') where id = " +
      old);
  const auto outcome = site.must({"schedule", "run-due"});
  CHECK_THAT(outcome.err, Contains("may be late by"));
  CHECK(site.runs(old) == "cancelled schedule prune ");
}

TEST_CASE("a schedule written or spoiled by another program is planned, or put off with a word") {
  ScheduledSite site;
  site.psql(
      "insert into bkp.backup_schedules (schedule, command) values ('0 2 * * *', 'prune'), "
      "('every night', 'full')");
  const auto outcome = site.run({"schedule", "run-due"});
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("every night"));
  CHECK(site.psql("select bool_and(next_run_at > now()) from bkp.backup_schedules") == "t");
  CHECK(site.psql("select status from bkp.runs where schedule_id is not null") == "failed");
  CHECK(site.must({"schedule", "run-due"}).err.empty());
  // Who changes the expression need not know what follows from it.
  site.psql("update bkp.backup_schedules set schedule = '0 3 * * *'");
  CHECK(site.psql("select count(next_run_at) from bkp.backup_schedules") == "0");
  site.must({"schedule", "run-due"});
  CHECK(site.psql("select count(next_run_at) from bkp.backup_schedules") == "2");
}

TEST_CASE("with the catalog down the schedules last seen are followed, and nothing runs twice") {
  ScheduledSite site;
  const auto id = site.add("prune");
  site.must({"schedule", "run-due"});
  site.cluster().stop();
  const auto tomorrow = [&](std::vector<std::string> arguments) {
    return site.command_at("+25h", std::move(arguments)).run();
  };
  const auto down = tomorrow({"schedule", "run-due"});
  CAPTURE(down);
  CHECK(down.exit_code == 0);
  CHECK_THAT(down.err, Contains("the schedules last seen there are followed"));
  CHECK_THAT(down.out, Contains("prune: done"));
  CHECK_THAT(tomorrow({"schedule", "run-due"}).out, Contains("nothing is due"));
  site.cluster().start();
  CHECK(tomorrow({"schedule", "run-due"}).out == "nothing is due\n");
  CHECK(site.runs(id) == "completed schedule prune 0");
  CHECK(site.psql("select next_run_at > now() + interval '25 hours' and last_run_at > now() from "
                  "bkp.backup_schedules where id = " +
                  id) == "t");
}

TEST_CASE("without a catalog and without a memory of it run-due fails, and says so") {
  Site site;
  check_failure(site, {"schedule", "run-due"}, 5, "database", "catalog");
}

TEST_CASE("what another program has made of a schedule is not begun, and is no success") {
  ScheduledSite site;
  const auto id = site.add("prune");
  site.make_due(id);
  site.psql("update bkp.backup_schedules set command = 'prune --no-such-option'");
  const auto outcome = site.run({"schedule", "run-due"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("--no-such-option"));
  CHECK(site.runs(id) == "failed schedule prune --no-such-option ");
  // The next time is tried as planned, and nothing takes that for a wrong clock.
  site.psql("update bkp.backup_schedules set schedule = '0 * * * *', next_run_at = now()");
  CHECK(site.run({"schedule", "run-due"}).exit_code == 3);
  CHECK(site.must({"schedule", "run-due"}).err.empty());
}

TEST_CASE("run-due that is told to end tells its runs, and waits for them") {
  ScheduledSite site;
  const auto id = site.add("full --db studio");
  const auto lock = site.hold_write_lock();
  auto running = site.start_run_of(id);
  running.signal(SIGTERM);
  const auto outcome = running.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 128 + SIGTERM);
  CHECK(site.runs(id) == "cancelled schedule full 143");
  site.release(lock);
}

TEST_CASE("the schedules become entries of a crontab") {
  ScheduledSite site;
  site.add("full --db studio");
  const auto text = site.must({"schedule", "crontab", "--user", "bkp", "-q"}).out;
  CHECK_THAT(text, Contains(ScheduledSite::far_off(0) + " bkp bkp full --config "));
}
