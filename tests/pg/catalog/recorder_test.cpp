#include <csignal>

#include <catch2/catch.hpp>

#include "recorder_fixture.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::example_label;
using test::RecorderFixture;

namespace {}

TEST_CASE("a run is a row from its start to its end") {
  RecorderFixture f;
  const auto recorder = f.opened();
  REQUIRE(recorder->online());
  REQUIRE(recorder->run_id());
  auto open = f.open_catalog().runs(10);
  REQUIRE(open.size() == 1);
  CHECK(open[0].id == recorder->run_id());
  CHECK(open[0].status == status::running);
  CHECK_FALSE(open[0].finished_at);
  CHECK(open[0].arguments == std::vector<std::string>{"--db", "it's \"quoted\"\n", "caf\\xe9"});
  CHECK(open[0].started_at == f.started);
  CHECK(open[0].user_name == "backup");
  CHECK(open[0].host == "studio-1");
  CHECK(open[0].triggered_by == "schedule");

  recorder->close_run(f.started + std::chrono::seconds{90}, "ok", 0, "", 4096);
  const auto closed = f.open_catalog().runs(10).at(0);
  CHECK(closed.status == status::completed);
  CHECK(closed.exit_code == 0);
  CHECK(closed.finished_at == f.started + std::chrono::seconds{90});
  CHECK(closed.bytes == 4096);
  CHECK(f.log.warnings().empty());
  CHECK(recorder->spooled() == 0);
}

TEST_CASE("a run that is asked to end still closes its row") {
  RecorderFixture f;
  const auto recorder = f.opened();
  f.interrupt.request(SIGTERM);
  recorder->close_run(f.started, status::cancelled, 143, "ended by signal 15", 0);
  CHECK(f.sql("select status || ' ' || exit_code from runs") == "cancelled 143");
}

TEST_CASE("a backup is written and read with every column") {
  RecorderFixture f;
  const auto recorder = f.opened();
  auto saved = f.backup(example_label);
  saved.error_message = "hostile \"name\"\n\xff";
  saved.start_lsn = "0/16B3748";
  saved.timeline = 3;
  recorder->save_backup(saved);
  const auto read = f.open_catalog().backup(example_label);
  REQUIRE(read);
  CHECK(read->id == recorder->backup_id(example_label));
  CHECK(read->run_id == recorder->run_id());
  CHECK(read->status_id == 3);
  CHECK(read->error_message == "hostile \"name\"\\x0a\\xff");

  auto expected = to_json(saved);
  auto found = to_json(*read);
  for (const char* set_here :
       {"id", "run_id", "status_id", "created_at", "updated_at", "error_message"}) {
    expected.erase(set_here);
    found.erase(set_here);
  }
  CHECK(found == expected);
  CHECK_FALSE(f.open_catalog().backup("no such label"));
}

TEST_CASE("saving a backup again updates its one row") {
  RecorderFixture f;
  const auto recorder = f.opened();
  auto backup = f.backup(example_label, status::running);
  backup.copies.clear();
  recorder->save_backup(backup);
  const auto id = recorder->backup_id(example_label);
  auto done = f.backup(example_label);
  done.copies[1].state = status::failed;
  recorder->save_backup(done);
  CHECK(recorder->backup_id(example_label) == id);
  const auto found = f.open_catalog().backups();
  REQUIRE(found.size() == 1);
  CHECK(found[0].status == status::completed);
  CHECK(found[0].copies.at(1).state == status::failed);
}

TEST_CASE("an incremental knows its parent") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup("a"));
  auto child = f.backup("b");
  child.backup_type = "incremental";
  child.method = "pages";
  child.parent_label = "a";
  recorder->save_backup(child);
  const auto found = f.open_catalog().backup("b");
  CHECK(found->parent_id == recorder->backup_id("a"));
  CHECK(found->parent_label == "a");
}

TEST_CASE("a backup is held until it is released") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(example_label));
  recorder->set_hold(example_label, forever, "audit");
  auto held = *f.open_catalog().backup(example_label);
  CHECK(held.held_until == forever);
  CHECK(held.hold_reason == "audit");
  CHECK(f.sql("select extract(year from held_until) from backups") == "9999");
  recorder->save_backup(f.backup(example_label));
  CHECK(f.open_catalog().backup(example_label)->held_until == forever);
  recorder->set_hold(example_label, std::nullopt, "");
  held = *f.open_catalog().backup(example_label);
  CHECK_FALSE(held.held_until);
  CHECK(held.hold_reason.empty());
}

TEST_CASE("a backup is purged with its last copy, and stays so") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(example_label));
  const auto at = f.started + std::chrono::hours{48};
  recorder->mark_purged(example_label, "local", at);
  CHECK(f.open_catalog().backup(example_label)->status == status::completed);
  CHECK(f.sql("select location_local is null, location_s3 is null from backup_logs") == "t|f");
  recorder->mark_purged(example_label, "offsite", at);
  CHECK(f.open_catalog().backups().empty());
  auto late = f.backup(example_label);
  late.copies.clear();
  recorder->save_backup(late);
  BackupFilter all;
  all.include_purged = true;
  const auto purged = f.open_catalog().backups(all).at(0);
  CHECK(purged.status == status::purged);
  CHECK(purged.purged_at == at);
}
