// Who is told of what, by a real mail server and real HTTP listeners.
#include <catch2/catch.hpp>

#include "support/notified_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

using Titles = std::vector<std::string>;

std::vector<std::string> request_lines(const HttpListener& listener) {
  std::vector<std::string> lines;
  for (const auto& request : listener.received())
    lines.push_back(request.substr(0, request.find('\n')));
  return lines;
}

}  // namespace

TEST_CASE("a run that fails is told of once, and again when it is good") {
  NotifiedSite site;
  site.must({"full"});
  CHECK(site.titles().empty());
  site.lose_store();
  CHECK(site.run({"full"}).exit_code == 6);
  CHECK(site.run({"full"}).exit_code == 6);
  REQUIRE(site.titles() == Titles{"*bkp full failed*"});
  CHECK_THAT(site.told().front(), Contains("Where:    site studio, host ") &&
                                      Contains("the last one that succeeded ended at 20") &&
                                      Contains("is in no full backup") && Contains("Next:  "));
  REQUIRE(site.mail().received().size() == 1);
  CHECK_THAT(site.mail().received().front(), Contains("Subject: studio: bkp full failed"));
  const auto listed = site.json({"notify", "list"})["result"];
  REQUIRE(listed["problems"].size() == 1);
  CHECK(listed["problems"][0]["subject"] == "full");
  CHECK(listed["problems"][0]["times"] == 2);
  CHECK(listed["waiting"].empty());
  CHECK_THAT(site.run({"notify", "list"}).out, Contains("critical: bkp full failed"));

  site.find_store();
  site.must({"full"});
  CHECK(site.titles() == Titles{"*bkp full failed*", "*bkp full works again*"});
  // Who did not ask for that is not told.
  CHECK(site.mail().received().size() == 1);
  CHECK(site.json({"notify", "list"})["result"]["problems"].empty());
  CHECK(request_lines(site.ping()) ==
        Titles{"POST /uuid-of-the-switch/start", "POST /uuid-of-the-switch",
               "POST /uuid-of-the-switch/start", "POST /uuid-of-the-switch/fail",
               "POST /uuid-of-the-switch/start", "POST /uuid-of-the-switch/fail",
               "POST /uuid-of-the-switch/start", "POST /uuid-of-the-switch"});
}

TEST_CASE("the same command with other arguments is another run") {
  NotifiedSite site;
  CHECK(site.run({"full", "--db", "nope"}).exit_code == 10);
  site.must({"full", "--db", "studio"});
  CHECK(site.titles() == Titles{"*bkp full --db nope failed*"});
  CHECK(site.run({"notify", "forget", "nothing"}).exit_code == 10);
  site.must({"notify", "forget", "full --db nope"});
  CHECK(site.json({"notify", "list"})["result"]["problems"].empty());
  CHECK(site.titles().size() == 1);
}

TEST_CASE("who sees the failure at a terminal is not told of it; nor is anybody of a dry run") {
  NotifiedSite site;
  site.lose_store();
  CHECK(site.command({"full"}).on_terminal().run().exit_code == 6);
  site.run({"full", "--dry-run"});
  CHECK(site.titles().empty());
  CHECK(site.mail().received().empty());
}

TEST_CASE("a channel is told of nothing below its severity, and of its commands alone") {
  NotifiedSite site;
  const auto slack = "slack: {url_file: " + (site.directory() / "slack").string() + "}";
  const auto only = [&](const std::string& more) {
    site.write_config(site.base_config() +
                      "schedules: []\nnotify:\n  channels:\n    - {name: one, " + slack + ", " +
                      more + "}\n");
  };
  only("severity: critical");
  site.lose_store();
  site.run({"prune"});  // a warning
  CHECK(site.titles().empty());
  site.run({"full"});
  CHECK(site.titles() == Titles{"*bkp full failed*"});
  only("commands: [verify, prune]");
  site.must({"notify", "forget", "--all"});
  site.run({"full"});
  CHECK(site.titles().size() == 1);
  site.run({"prune"});
  CHECK(site.titles().back() == "*bkp prune failed*");
  // Reminders keep to the same: one problem of the two.
  output_of(site.command_at("+61min", {"notify", "deliver"}));
  CHECK(site.titles().back() == "*still: bkp prune failed*");
}

TEST_CASE("a store that fills up is told of, and that it has room again") {
  NotifiedSite site;
  const auto config = [&](const std::string& capacity) {
    auto text = site.base_config();
    const std::string anchor = "    url: ";
    text.insert(text.find(anchor), "    capacity: " + capacity + "\n");
    site.write_config(text + "schedules: []\n" + site.channels());
  };
  config("10KiB");
  site.must({"full"});
  site.must({"full"});
  REQUIRE(site.titles() == Titles{"*store local fills up*"});
  CHECK_THAT(site.told().front(), Contains("100% of 10.0 KiB used") && Contains("bkp prune"));
  config("10GiB");
  site.must({"prune"});
  CHECK(site.titles() == Titles{"*store local fills up*", "*store local has room again*"});
}

TEST_CASE("of what is still wrong somebody is reminded, in one message, later and later") {
  NotifiedSite site;
  site.lose_store();
  site.run({"full"});
  site.run({"prune"});
  CHECK(site.titles().size() == 2);
  const auto due = [&](const std::string& shift) {
    output_of(site.command_at(shift, {"schedule", "run-due"}));
  };
  due("+50min");
  CHECK(site.titles().size() == 2);
  due("+61min");
  due("+62min");
  due("+150min");
  REQUIRE(site.titles().size() == 3);
  CHECK(site.titles().back() == "*still: 2 problems*");
  CHECK_THAT(site.told().back(), Contains("bkp full failed, for 1h 1min") && Contains("bkp prune"));
  due("+190min");
  CHECK(site.titles().size() == 4);
}

TEST_CASE("a summary says what happened, to whoever wants it") {
  NotifiedSite site;
  site.must({"full"});
  site.lose_store();
  site.run({"prune"});
  const auto outcome = site.must({"notify", "summary"});
  CHECK_THAT(outcome.out, Contains("summary: 1 problem") && Contains("bkp prune failed") &&
                              Contains("full         1 completed") &&
                              Contains("prune        1 failed") && Contains("database studio") &&
                              Contains("none was ever verified"));
  const auto mails = site.mail().received();
  REQUIRE(mails.size() == 2);
  CHECK_THAT(mails.back(), Contains("Subject: studio: summary: 1 problem") &&
                               Contains("full         1 completed"));
  CHECK(site.titles().size() == 1);
}

TEST_CASE("a run that a schedule began and that was killed is told of by run-due") {
  NotifiedSite site;
  const auto id = site.add("full --db studio");
  const auto lock = site.hold_write_lock();
  auto running = site.start_run_of(id);
  site.kill_run_of(id);
  CHECK(running.wait().exit_code == 3);
  REQUIRE(site.titles() == Titles{"*bkp full --db studio failed*"});
  CHECK_THAT(site.told().front(), Contains("killed by signal 9"));
  ScheduledSite::release(lock);
  site.make_all_due(1);
  site.must({"schedule", "run-due"});
  CHECK(site.titles().back() == "*bkp full --db studio works again*");
}

TEST_CASE("who asks for successes is told of each, and cron's switch hears each call of run-due") {
  NotifiedSite site;
  site.write_config(
      site.base_config() + "schedules: []\n" + site.channels() +
      "    - {name: all, webhook: {url_file: " + (site.directory() / "slack").string() +
      "}, on: [success]}\n    - {name: cron, ping: {url_file: " +
      (site.directory() / "ping").string() + "}, commands: [schedule]}\n");
  site.must({"full"});
  REQUIRE(site.slack().received().size() == 1);
  CHECK_THAT(site.slack().received().front(), Contains("\"title\":\"bkp full succeeded\""));
  const auto calls = site.ping().received().size();
  site.must({"schedule", "run-due", "-q"});
  const auto lines = request_lines(site.ping());
  REQUIRE(lines.size() == calls + 2);
  CHECK(lines[calls] == "POST /uuid-of-the-switch/start");
  CHECK(lines[calls + 1] == "POST /uuid-of-the-switch");
}

TEST_CASE("what a schedule began is told of and over, whatever command it is") {
  NotifiedSite site;
  site.add("list --type full");
  site.psql("update bkp.backup_schedules set command = 'show nothing'");
  site.make_all_due(0);
  CHECK(site.run({"schedule", "run-due"}).exit_code == 3);
  CHECK(site.titles() == Titles{"*bkp show nothing failed*"});
  site.psql("update bkp.backup_schedules set command = 'list --tipe full'");
  site.make_all_due(1);
  CHECK(site.run({"schedule", "run-due"}).exit_code == 3);
  CHECK(site.titles().back() == "*bkp schedule 1 failed*");
  site.psql("update bkp.backup_schedules set command = 'list --type full'");
  site.make_all_due(2);
  site.must({"schedule", "run-due"});
  CHECK(site.titles().back() == "*bkp schedule 1 works again*");
  CHECK(site.json({"notify", "list"})["result"]["problems"].size() == 1);
}

TEST_CASE("what came too late to begin is told, though it be no command") {
  NotifiedSite site;
  const auto id = site.add("list");
  const auto fine = site.add("prune");
  site.psql(
      "update bkp.backup_schedules set command = 'list --tipe full', catch_up = '0' where id = " +
      id);
  site.make_due(id);
  site.make_due(fine);
  const auto outcome = site.must({"schedule", "run-due"});
  CHECK_THAT(outcome.out, Contains("list --tipe full: left out"));
  CHECK(site.titles() == Titles{"*bkp list --tipe full failed*"});
  CHECK_THAT(site.told().front(), Contains("was not begun"));
  CHECK(site.runs(fine) == "completed schedule prune 0");
}

TEST_CASE("a run that is left out because the one before goes on is no failure") {
  NotifiedSite site;
  const auto id = site.add("full --db studio");
  const auto lock = site.hold_write_lock();
  auto running = site.start_run_of(id);
  site.make_all_due(1);
  site.must({"schedule", "run-due"});
  CHECK_THAT(site.runs(id), Contains("cancelled"));
  ScheduledSite::release(lock);
  CHECK(running.wait().succeeded());
  CHECK(site.titles().empty());
}

TEST_CASE("what a scheduled run has told itself, run-due does not tell again") {
  NotifiedSite site;
  site.add("full --db studio");
  site.lose_store();
  for (int round = 0; round < 2; ++round) {
    site.make_all_due(round);
    CHECK(site.run({"schedule", "run-due"}).exit_code == 3);
  }
  CHECK(site.titles() == Titles{"*bkp full --db studio failed*"});
  CHECK(site.json({"notify", "list"})["result"]["problems"][0]["times"] == 2);
}

TEST_CASE("archiving that fails is told of once for all files, and its end") {
  NotifiedSite site;
  const auto file = site.cluster().data_directory() / "pg_wal" /
                    site.psql("select pg_walfile_name(pg_current_wal_lsn())");
  site.cluster().stop();  // after which it is finished
  site.lose_store();
  CHECK(site.run({"wal-push", file.string()}).exit_code == 6);
  CHECK(site.run({"wal-push", file.string()}).exit_code == 6);
  site.find_store();
  site.must({"wal-push", file.string()});
  site.must({"wal-push", file.string()});
  CHECK(site.titles() == Titles{"*bkp wal-push failed*", "*bkp wal-push works again*"});
}

TEST_CASE("notify test reaches every channel, and says which it does not") {
  NotifiedSite site;
  const auto good = site.must({"notify", "test"});
  CHECK_THAT(good.out, Contains("ops: delivered") && Contains("mail: delivered") &&
                           Contains("dead: delivered"));
  CHECK(site.titles() == Titles{"*bkp can reach you*"});
  CHECK(site.mail().received().size() == 1);
  site.slack().answer("404");
  const auto bad = site.run({"notify", "test"});
  CHECK(bad.exit_code == 3);
  CHECK_THAT(bad.out, Contains("ops: failed: it answers with status 404") && Contains("fix: ") &&
                          Contains("mail: delivered"));
  CHECK_THAT(bad.out + bad.err, !Contains("secret") && !Contains("uuid-of"));
  CHECK(site.run({"notify", "test", "nobody"}).exit_code == 10);
  CHECK(site.must({"notify", "test", "mail", "--dry-run"}).succeeded());
  CHECK(site.mail().received().size() == 2);
  site.write_config(site.base_config() + "schedules: []\n");
  CHECK(site.run({"notify", "test"}).exit_code == 4);
}

TEST_CASE("check looks at channels, and says when there are none") {
  NotifiedSite site;
  const auto messages = [&] {
    std::string text;
    const auto checked = site.json({"check"});
    for (const auto& one : checked["result"]["checks"]) {
      if (one["status"] != "ok")
        text += std::string{one["check"]} + ": " + std::string{one["message"]} + "\n";
    }
    return text;
  };
  const auto at_first = messages();
  CHECK_THAT(at_first, !Contains("channel ops") && Contains("a channel wants summaries") &&
                           Contains("no schedule looks"));
  site.must({"schedule", "add", "--schedule", "0 7 * * *", "notify summary"});
  site.must({"schedule", "add", "--schedule", "50 * * * *", "status"});
  CHECK_THAT(messages(), !Contains("summaries") && !Contains("no schedule looks"));
  std::filesystem::permissions(site.directory() / "slack", std::filesystem::perms{0644});
  CHECK_THAT(messages(), Contains("channel ops: the file with the URL"));
  auto config = site.base_config() + "schedules: []\n" + site.channels();
  config += "    - {name: slip, slack: {url_file: " + (site.directory() / "slack").string() +
            "}, commands: [ful]}\n";
  site.write_config(config);
  CHECK_THAT(messages(), Contains("channel slip: it is for \"ful\", which is no command"));
  site.write_config(site.base_config() + "schedules: []\n");
  CHECK_THAT(messages(), Contains("nobody is told when a backup fails"));
}
