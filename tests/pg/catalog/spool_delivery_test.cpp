#include <fcntl.h>
#include <sys/wait.h>
#include <filesystem>

#include <catch2/catch.hpp>

#include "catalog/spool.hpp"
#include "recorder_fixture.hpp"
#include "support/wait_until.hpp"
#include "util/host.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::example_label;
using test::RecorderFixture;
namespace fs = std::filesystem;

namespace {

/// A whole run: row, backup, verification, usage, audit.
void record_everything(RecorderFixture& f, Recorder& recorder) {
  recorder.save_backup(f.backup(example_label, status::running));
  recorder.save_backup(f.backup(example_label));
  recorder.save_verification(f.verification(example_label, "restore", true));
  recorder.set_hold(example_label, forever, "audit");
  recorder.save_usage({"local", "file:///b", 1, 1, {}, {}, "ok", {}, f.started});
  recorder.audit({"verify", example_label, "", {}, f.started});
  recorder.close_run(f.started + std::chrono::seconds{5}, "ok", 0, "", 7);
}

constexpr std::size_t events_of_everything = 8;

std::string everything(RecorderFixture& f) {
  return f.sql(
      "select (select count(*) || ':' || min(status) from runs), (select count(*) from backups), "
      "(select count(*) from backup_copies), (select count(*) from verifications), "
      "(select count(*) from store_usage), (select count(*) from audit_log), "
      "(select verified and run_id is not null and extract(year from held_until) = 9999 "
      "from backups)");
}

constexpr auto all_there = "1:completed|1|2|1|1|1|t";

fs::path only_spool_file(const RecorderFixture& f) {
  const auto files = waiting_spool_files(f.spool.path());
  REQUIRE(files.size() == 1);
  return files.front();
}

}  // namespace

TEST_CASE("while the catalog is down a run is spooled, and delivered when it is back") {
  RecorderFixture f;
  {
    const auto offline = f.opened(false);
    CHECK_FALSE(offline->online());
    CHECK_FALSE(offline->run_id());
    CHECK(f.log.warnings().empty());
    record_everything(f, *offline);
    CHECK(offline->spooled() == events_of_everything);
    CHECK_FALSE(offline->backup_id(example_label));
  }
  REQUIRE(f.log.warnings().size() == 1);
  CHECK_THAT(f.log.warnings()[0],
             Catch::Contains("/nonexistent") && Catch::Contains("entered later"));
  CHECK(f.sql("select count(*) from runs") == "0");

  const auto next = f.recorder();
  CHECK(next->deliver_spool() == events_of_everything);
  CHECK(everything(f) == all_there);
  CHECK(next->spooled() == 0);
  CHECK(fs::is_empty(f.spool.path()));
  CHECK(next->deliver_spool() == 0);
}

TEST_CASE("delivery that died between commit and removal is not repeated") {
  RecorderFixture f;
  record_everything(f, *f.opened(false));
  const auto file = only_spool_file(f);
  const auto text = test::read_text(file);
  CHECK(f.recorder()->deliver_spool() == events_of_everything);
  // As if the deliverer had been killed before it could remove the file, or half way through.
  test::write_text(file, text);
  CHECK(f.recorder()->deliver_spool() == 0);
  CHECK(everything(f) == all_there);
  CHECK(fs::is_empty(f.spool.path()));
}

TEST_CASE("two deliverers at once apply each event once") {
  RecorderFixture f;
  for (int i = 0; i < 20; ++i) record_everything(f, *f.opened(false));
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      f.recorder()->deliver_spool();
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(f.sql("select (select count(*) from runs), (select count(*) from audit_log), "
              "(select count(*) from verifications), (select count(*) from applied_events)") ==
        "20|20|20|160");
}

TEST_CASE("a catalog that comes back without the row of a run is told of it again") {
  RecorderFixture f;
  {
    const auto recorder = f.opened();
    // As a crash without the last commits leaves it, or a restore of the catalog.
    f.sql("delete from runs; delete from applied_events");
    f.cut_sessions();
    recorder->save_backup(f.backup(example_label));
    recorder->close_run(f.started, "ok", 0, "", 0);
  }
  f.recorder()->deliver_spool();
  CHECK(f.sql("select status, exit_code from runs") == "completed|0");
}

TEST_CASE("a catalog lost in mid-run loses nothing and doubles nothing") {
  RecorderFixture f;
  {
    const auto recorder = f.opened();
    recorder->save_backup(f.backup(example_label, status::running));
    f.cut_sessions();
    recorder->save_backup(f.backup(example_label));
    CHECK_FALSE(recorder->online());
    CHECK(f.log.warnings().size() == 1);
    recorder->audit({"verify", example_label, "", {}, f.started});
    recorder->close_run(f.started, "ok", 0, "", 0);
    // What opened the run is told again.
    CHECK(recorder->spooled() == 4);
  }
  CHECK(f.sql("select name from backups join job_statuses s on s.id = status_id") == "running");
  CHECK(f.recorder()->deliver_spool() == 3);
  CHECK(f.sql("select s.name, r.status, (select count(*) from runs), (select count(*) from "
              "audit_log) from backups b join job_statuses s on s.id = status_id join runs r on "
              "r.id = b.run_id") == "completed|completed|1|1");
}

TEST_CASE("an event whose commit failed under it is spooled, and applied after all") {
  RecorderFixture f;
  const auto recorder = f.opened();
  // A deferred trigger ends the session in the middle of COMMIT.
  f.sql(
      "create function hang_up() returns trigger language plpgsql as $$ begin "
      "perform pg_terminate_backend(pg_backend_pid()); return null; end $$; "
      "create constraint trigger hang_up after insert on audit_log deferrable initially deferred "
      "for each row execute function hang_up()");
  recorder->audit({"verify", example_label, "", {}, f.started});
  CHECK_FALSE(recorder->online());
  CHECK(f.sql("select count(*) from audit_log") == "0");
  f.sql("drop function hang_up cascade");
  recorder->close_run(f.started, "ok", 0, "", 0);
  auto next = f.recorder();
  CHECK(next->deliver_spool() == 0);  // the run still holds its file
  CHECK(recorder->reconnect());
  CHECK(f.sql("select count(*) from audit_log") == "1");
}

TEST_CASE("what a killed run spooled is delivered, a torn last line left out") {
  RecorderFixture f;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto recorder = f.opened(false);
    recorder->save_backup(f.backup(example_label));
    ::kill(::getpid(), SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  const auto file = only_spool_file(f);
  test::write_text(file, test::read_text(file) + "{\"v\": 1, \"id\": \"torn");
  CHECK(f.recorder()->deliver_spool() == 2);
  CHECK(f.sql("select count(*) from backups") == "1");
  CHECK(fs::is_empty(f.spool.path()));
}

TEST_CASE("the file of a live run waits until that run is over") {
  RecorderFixture f;
  auto live = f.opened(false);
  live->save_backup(f.backup(example_label));
  CHECK(f.recorder()->deliver_spool() == 0);
  CHECK(live->spooled() == 2);
  live.reset();
  CHECK(f.recorder()->deliver_spool() == 2);
}

TEST_CASE("what cannot be delivered is set aside, the rest is applied") {
  RecorderFixture f;
  record_everything(f, *f.opened(false));
  const auto file = only_spool_file(f);
  SECTION("a line that is no event") {
    test::write_text(file, "garbage\n" + test::read_text(file));
  }
  SECTION("an event the database refuses") {
    auto refused = f.backup("refused");
    refused.backup_type = "total";
    const auto event =
        Event::make("5f0c3a52-6a53-4d4e-8d3c-0f6f3a9c1b11", "backup_saved", to_json(refused));
    test::write_text(file, to_line(event) + "\n" + test::read_text(file));
  }
  SECTION("an event of a kind nobody knows") {
    const auto event = Event::make("5f0c3a52-6a53-4d4e-8d3c-0f6f3a9c1b11", "coffee_made", {});
    test::write_text(file, to_line(event) + "\n" + test::read_text(file));
  }
  const auto before = f.log.warnings().size();
  const auto next = f.recorder();
  CHECK(next->deliver_spool() == events_of_everything);
  CHECK(everything(f) == all_there);
  CHECK(f.log.warnings().size() > before);
  CHECK_THAT(f.log.warnings().back(), Catch::Contains(".jsonl.bad"));
  CHECK(next->spooled() == 0);
  CHECK(fs::exists(file.string() + ".bad"));
  CHECK(next->deliver_spool() == 0);
}

TEST_CASE("a delivery the catalog does not survive goes on the next time") {
  RecorderFixture f;
  record_everything(f, *f.opened(false));
  f.sql("alter table audit_log rename to audit_log_away");
  CHECK(f.recorder()->deliver_spool() == events_of_everything - 2);
  CHECK(waiting_spool_files(f.spool.path()).size() == 1);
  f.sql("alter table audit_log_away rename to audit_log");
  CHECK(f.recorder()->deliver_spool() == 2);
  CHECK(everything(f) == all_there);
}

TEST_CASE("a run that makes the catalog is recorded in it, without a warning") {
  RecorderFixture f{false};
  const auto recorder = f.opened();
  CHECK_FALSE(recorder->online());
  CHECK_FALSE(recorder->reconnect());
  migrate(test::conninfo(f.database), "bkp", false, false, f.interrupt);
  CHECK(recorder->reconnect());
  CHECK(recorder->run_id());
  recorder->close_run(f.started, "ok", 0, "", 0);
  CHECK(f.sql("select status from runs") == "completed");
  CHECK(f.log.warnings().empty());
  CHECK(fs::is_empty(f.spool.path()));
}

TEST_CASE("without catalog and spool the run goes on, and the log says what is lost") {
  RecorderFixture f;
  test::write_text(f.spool / "file", "");
  Recorder recorder{
      {test::conninfo(f.database).with("host", "/nonexistent"), "bkp", f.spool / "file"},
      f.clock,
      f.log,
      f.interrupt};
  CHECK_NOTHROW(recorder.open_run(f.run()));
  CHECK_NOTHROW(recorder.save_backup(f.backup(example_label)));
  REQUIRE_FALSE(f.log.warnings().empty());
  CHECK_THAT(f.log.warnings()[0], Catch::Contains("no spool"));
}

namespace {

/// A run that is killed while it makes a backup.
void die_in_mid_backup(RecorderFixture& f) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto recorder = f.opened();
    recorder->save_backup(f.backup(example_label, status::running));
    ::kill(::getpid(), SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
}

std::string states(RecorderFixture& f) {
  return f.sql(
      "select string_agg(s.name || ':' || coalesce(error_message, ''), ' ' order by b.id) "
      "from backups b join job_statuses s on s.id = status_id");
}

}  // namespace

TEST_CASE("a run whose process is gone is closed by the next one, and its backup has failed") {
  RecorderFixture f;
  f.host = util::host_name();
  die_in_mid_backup(f);
  const auto live = f.opened();
  live->save_backup(f.backup("20261121T030000Z-full-live", status::running));
  CHECK(f.sql("select count(*) from runs where status = 'running'") == "2");
  const auto next = f.opened();
  next->save_backup(f.backup("20261121T030000Z-full-own", status::running));
  next->deliver_spool();
  CHECK(f.sql("select string_agg(status, ' ' order by id) from runs") == "failed running running");
  CHECK(states(f) == "failed:the process ended without a word running: running:");
  REQUIRE_FALSE(f.log.warnings().empty());
  CHECK_THAT(f.log.warnings().back(), Catch::Contains(example_label));
}

TEST_CASE("a backup that belongs to no run is failed by a holder of the lock only") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(example_label, status::running));
  f.sql("update backups set run_id = null");
  recorder->deliver_spool();
  CHECK(states(f) == "running:");
  recorder->fail_abandoned_backups("left unfinished");
  CHECK(states(f) == "failed:left unfinished");
}

TEST_CASE("a run on a clone of this machine is not judged from here") {
  RecorderFixture f;
  f.host = util::host_name() + "-clone";
  die_in_mid_backup(f);
  f.opened()->deliver_spool();
  CHECK(f.sql("select status from runs where id = 1") == "running");
  CHECK(states(f) == "running:");
}
