#include <csignal>

#include <catch2/catch.hpp>

#include "recorder_fixture.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::RecorderFixture;

namespace {
constexpr auto label = "20261121T020000Z-full-x121";

std::size_t statements_in(const std::string& log) {
  std::size_t count = 0;
  for (const std::string start : {"LOG:  statement: ", "LOG:  execute "}) {
    for (auto at = log.find(start); at != log.npos; at = log.find(start, at + 1)) ++count;
  }
  return count;
}

}  // namespace

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
  auto saved = f.backup(label);
  saved.error_message = "hostile \"name\"\n\xff";
  saved.start_lsn = "0/16B3748";
  saved.timeline = 3;
  recorder->save_backup(saved);
  const auto read = f.open_catalog().backup(label);
  REQUIRE(read);
  CHECK(read->id == recorder->backup_id(label));
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
  auto backup = f.backup(label, status::running);
  backup.copies.clear();
  recorder->save_backup(backup);
  const auto id = recorder->backup_id(label);
  auto done = f.backup(label);
  done.copies[1].state = status::failed;
  recorder->save_backup(done);
  CHECK(recorder->backup_id(label) == id);
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

TEST_CASE("a checked restore makes a backup verified, a failed one unverified") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(label));
  auto verification = f.verification(label, "restore", true);
  recorder->save_verification(verification);
  auto backup = *f.open_catalog().backup(label);
  CHECK(backup.verified);
  CHECK(backup.verified_at == verification.finished_at);
  CHECK(backup.verification_result["validation_queries_passed"] == 10);
  CHECK(backup.copies[0].last_checked_at == verification.finished_at);
  CHECK_FALSE(backup.copies[1].last_checked_at);
  CHECK(f.sql("select recovery_tested, recovery_time_seconds, location_local, location_s3 "
              "from backup_logs") ==
        "t|12.5|file:///backups/studio/backups/20261121T020000Z-full-x121/manifest.json|"
        "s3://bucket/studio/backups/20261121T020000Z-full-x121/manifest.json");

  auto failure = f.verification(label, "restore", false);
  failure.finished_at += std::chrono::hours{1};
  recorder->save_verification(failure);
  backup = *f.open_catalog().backup(label);
  CHECK_FALSE(backup.verified);
  CHECK(backup.verification_error() == failure.errors[0]);
  CHECK(backup.copies[0].error_message.empty());

  const auto history = f.open_catalog().verifications(label);
  REQUIRE(history.size() == 2);
  CHECK(history[0].errors == failure.errors);
  CHECK(history[1].coverage["tables"] == 7);
  CHECK(history[1].success);
}

namespace {

/// Two copies of one backup, checked hour by hour.
struct Checked {
  RecorderFixture f;
  std::unique_ptr<Recorder> recorder = f.opened();
  int hour = 0;

  Checked() { recorder->save_backup(f.backup(label)); }

  Time check(const std::string& store, bool success, const std::string& level = "checksum",
             const nlohmann::json& failed_checks = {}) {
    auto verification = f.verification(label, level, success);
    verification.store = store;
    verification.finished_at = f.started + std::chrono::hours{++hour};
    if (!failed_checks.is_null()) verification.coverage = {{"checks", failed_checks}};
    recorder->save_verification(verification);
    return verification.finished_at;
  }
  BackupRecord backup() { return *f.open_catalog().backup(label); }
};

}  // namespace

TEST_CASE("a checksum that fails on one store is that copy's alone") {
  Checked it;
  const auto proven = it.check("local", true, "restore");
  const auto failed = it.check("offsite", false);
  auto backup = it.backup();
  CHECK(backup.verified);
  CHECK(backup.verified_at == proven);
  CHECK(backup.copies[0].sound());
  CHECK(backup.copies[1].damaged());
  CHECK(backup.copies[1].last_checked_at == failed);

  SECTION("when the last copy fails too, the backup has failed") {
    const auto last = it.check("local", false);
    backup = it.backup();
    CHECK(backup.failed_verification());
    CHECK(backup.verified_at == last);
    CHECK_FALSE(backup.verification_error().empty());
    SECTION("and one that passes again makes it what the last restore said") {
      it.check("offsite", false);
      it.check("offsite", true);
      backup = it.backup();
      CHECK(backup.verified);
      CHECK(backup.verified_at == proven);
      CHECK(backup.verification_result.at("level") == "restore");
      CHECK(backup.copies[1].sound());
      CHECK(backup.copies[0].damaged());
    }
    SECTION("a later restore counts more") {
      const auto again = it.check("local", true, "restore");
      CHECK(it.backup().verified_at == again);
      CHECK(it.backup().copies[0].damaged());  // a restore does not read every part
    }
  }
  SECTION("a copy that is repaired is sound again") {
    it.check("offsite", true);
    CHECK(it.backup().copies[1].sound());
    CHECK(it.backup().verified_at == proven);
  }
  SECTION("what was delivered late does not undo what was found since") {
    auto late = it.f.verification(label, "checksum", true);
    late.store = "offsite";
    late.finished_at = it.f.started;
    it.recorder->save_verification(late);
    CHECK(it.backup().copies[1].damaged());
  }
}

TEST_CASE("a backup that was never restored is never verified again when its copies are") {
  Checked it;
  it.check("local", false);
  CHECK_FALSE(it.backup().verified_at);
  it.check("offsite", false);
  CHECK(it.backup().failed_verification());
  it.check("local", true);
  CHECK_FALSE(it.backup().verified);
  CHECK_FALSE(it.backup().verified_at);
  CHECK(it.backup().verification_result.is_null());
}

TEST_CASE("a restore that failed stays so whatever a checksum says") {
  Checked it;
  const auto failed = it.check("local", false, "restore", {{"rows", {{"failed", 1}}}});
  for (const bool success : {false, true}) {
    for (const auto* store : {"local", "offsite"}) it.check(store, success);
  }
  CHECK(it.backup().failed_verification());
  CHECK(it.backup().verified_at == failed);
}

TEST_CASE("a restore that could not read its copy says nothing about the others") {
  Checked it;
  const auto proven = it.check("local", true, "restore");
  it.check("local", false, "restore", {{"part", {{"failed", 1}}}, {"manifest", {{"failed", 0}}}});
  CHECK(it.backup().verified_at == proven);
  CHECK(it.backup().copies[0].damaged());
  it.check("offsite", false);
  CHECK(it.backup().failed_verification());
  it.check("offsite", true);
  CHECK(it.backup().verified_at == proven);
}

TEST_CASE("what an older bkp wrote into the backup is mended by the next check") {
  Checked it;
  const auto proven = it.check("local", true, "restore");
  it.f.sql(
      "update backups set verified = false, verified_at = now(), verification_result_json = "
      "'{\"level\": \"checksum\"}'");
  it.check("local", true);
  CHECK(it.backup().verified);
  CHECK(it.backup().verified_at == proven);
}

TEST_CASE("checksums alone make no backup verified, and take nothing away") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(label));
  recorder->save_verification(f.verification(label, "checksum", true));
  CHECK_FALSE(f.open_catalog().backup(label)->verified);
  recorder->save_verification(f.verification(label, "drill", true));
  recorder->save_verification(f.verification(label, "checksum", true));
  CHECK(f.open_catalog().backup(label)->verified);
  CHECK(f.open_catalog().verifications().size() == 3);
}

TEST_CASE("a backup is held until it is released") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(label));
  recorder->set_hold(label, forever, "audit");
  auto held = *f.open_catalog().backup(label);
  CHECK(held.held_until == forever);
  CHECK(held.hold_reason == "audit");
  CHECK(f.sql("select extract(year from held_until) from backups") == "9999");
  recorder->save_backup(f.backup(label));
  CHECK(f.open_catalog().backup(label)->held_until == forever);
  recorder->set_hold(label, std::nullopt, "");
  held = *f.open_catalog().backup(label);
  CHECK_FALSE(held.held_until);
  CHECK(held.hold_reason.empty());
}

TEST_CASE("a backup is purged with its last copy, and stays so") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(label));
  const auto at = f.started + std::chrono::hours{48};
  recorder->mark_purged(label, "local", at);
  CHECK(f.open_catalog().backup(label)->status == status::completed);
  CHECK(f.sql("select location_local is null, location_s3 is null from backup_logs") == "t|f");
  recorder->mark_purged(label, "offsite", at);
  CHECK(f.open_catalog().backups().empty());
  auto late = f.backup(label);
  late.copies.clear();
  recorder->save_backup(late);
  BackupFilter all;
  all.include_purged = true;
  const auto purged = f.open_catalog().backups(all).at(0);
  CHECK(purged.status == status::purged);
  CHECK(purged.purged_at == at);
}

TEST_CASE("what is imported from a store brings verification and hold along") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_verification(f.verification(label, "restore", true));
  CHECK(f.sql("select backup_id is null from verifications") == "t");

  auto found = f.backup(label);
  found.verified = true;
  found.verified_at = f.started + std::chrono::hours{3};
  found.held_until = forever;
  found.hold_reason = "audit";
  found.created_at = f.started;
  found.copies.pop_back();
  recorder->import_backup(found);
  recorder->import_backup(found);
  auto read = *f.open_catalog().backup(label);
  CHECK(read.verified);
  CHECK(read.verified_at == found.verified_at);
  CHECK(read.held_until == forever);
  CHECK(read.created_at == f.started);
  CHECK(read.copies.size() == 1);
  CHECK_FALSE(read.run_id);
  CHECK(f.sql("select backup_id is null from verifications") == "f");

  SECTION("a later verification the catalog knows stays") {
    auto failure = f.verification(label, "restore", false);
    failure.finished_at = f.started + std::chrono::hours{9};
    recorder->save_verification(failure);
    recorder->import_backup(found);
    read = *f.open_catalog().backup(label);
    CHECK_FALSE(read.verified);
    CHECK(read.verified_at == failure.finished_at);
  }
  SECTION("what is there again is no longer purged") {
    recorder->mark_purged(label, "local", f.started);
    CHECK(f.open_catalog().backups().empty());
    recorder->import_backup(found);
    CHECK(f.open_catalog().backups().at(0).status == status::completed);
  }
}

TEST_CASE("a store that missed a hold does not end it") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(label));
  recorder->set_hold(label, f.started + std::chrono::hours{9}, "audit");
  recorder->import_backup(f.backup(label));
  CHECK(f.open_catalog().backup(label)->held_until == f.started + std::chrono::hours{9});
  CHECK(f.open_catalog().backup(label)->hold_reason == "audit");
  auto earlier = f.backup(label);
  earlier.held_until = f.started + std::chrono::hours{1};
  earlier.hold_reason = "earlier";
  recorder->import_backup(earlier);
  CHECK(f.open_catalog().backup(label)->hold_reason == "audit");
  auto later = f.backup(label);
  later.held_until = forever;
  later.hold_reason = "later";
  recorder->import_backup(later);
  CHECK(f.open_catalog().backup(label)->held_until == forever);
  CHECK(f.open_catalog().backup(label)->hold_reason == "later");
}

TEST_CASE("a catalog that is rebuilt store by store judges as the lost one did") {
  RecorderFixture f;
  const auto recorder = f.opened();
  const auto proven = f.started + std::chrono::hours{1};
  auto local = f.backup(label);
  local.copies.pop_back();
  local.verified = true;
  local.verified_at = proven;
  local.copies[0].error_message = "bytes differ";
  local.copies[0].last_checked_at = f.started + std::chrono::hours{2};
  auto offsite = f.backup(label);
  offsite.copies.erase(offsite.copies.begin());
  SECTION("the damaged one first") {
    recorder->import_backup(local);
    CHECK(f.open_catalog().backup(label)->failed_verification());
    CHECK(f.open_catalog().backup(label)->verification_error() == "bytes differ");
    recorder->import_backup(offsite);
  }
  SECTION("the sound one first") {
    recorder->import_backup(offsite);
    recorder->import_backup(local);
  }
  SECTION("both damaged, until one has said that it is intact") {
    auto bad = offsite;
    bad.copies[0].error_message = "short";
    bad.copies[0].last_checked_at = f.started + std::chrono::hours{3};
    recorder->import_backup(bad);
    recorder->import_backup(local);
    CHECK(f.open_catalog().backup(label)->failed_verification());
    offsite.copies[0].last_checked_at = f.started + std::chrono::hours{4};
    recorder->import_backup(offsite);
    // A store that knows less than the catalog does not clear what the catalog found.
    auto blank = local;
    blank.copies[0].error_message.clear();
    blank.copies[0].last_checked_at.reset();
    recorder->import_backup(blank);
  }
  const auto backup = *f.open_catalog().backup(label);
  CHECK(backup.verified);
  CHECK(backup.verified_at == proven);
  CHECK(backup.copies[0].damaged());
  CHECK(backup.copies[1].sound());
}

TEST_CASE("space and audit are kept with who and when") {
  RecorderFixture f;
  const auto recorder = f.opened();
  StoreUsage usage{"local", "file:///backups", 10, 2, 100, 90, "alert", f.started, f.started};
  recorder->save_usage(usage);
  usage.capacity_bytes.reset();
  usage.sampled_at += std::chrono::hours{1};
  recorder->save_usage(usage);
  auto catalog = f.open_catalog();
  const auto history = catalog.usage_history("local", f.started);
  REQUIRE(history.size() == 2);
  CHECK(to_json(history[1]) == to_json(usage));
  CHECK(history[0].capacity_bytes == 100);
  CHECK(catalog.usage_history("local", f.started + std::chrono::minutes{1}).size() == 1);
  CHECK(catalog.usage_history("other", f.started).empty());

  recorder->audit({"restore", label, "x121", {{"into", "x121_restored"}}, f.started});
  recorder->audit({"prune", "", "", {}, {}});
  CHECK(f.sql("select action, subject, confirmation, details->>'into', user_name, host, "
              "run_id is not null from audit_log where action = 'restore'") ==
        std::string{"restore|"} + label + "|x121|x121_restored|backup|studio-1|t");
  CHECK(f.sql("select at > now() - interval '1 minute' from audit_log where action = 'prune'") ==
        "t");
}

TEST_CASE("backups can be narrowed in every way the list offers") {
  RecorderFixture f;
  const auto recorder = f.opened();
  auto early = f.backup("early");
  early.started_at -= std::chrono::hours{24};
  early.database_name = "other";
  recorder->save_backup(early);
  auto config = f.backup("config");
  config.backup_type = "config";
  config.method = "archive";
  config.status = status::failed;
  recorder->save_backup(config);
  recorder->save_backup(f.backup("late"));
  recorder->save_verification(f.verification("late", "restore", true));
  auto catalog = f.open_catalog();
  const auto labels = [&](const BackupFilter& filter) {
    std::string result;
    for (const auto& backup : catalog.backups(filter)) result += backup.label + " ";
    return result;
  };
  CHECK(labels({}) == "late config early ");
  CHECK(labels({.backup_type = "config"}) == "config ");
  CHECK(labels({.database = "other"}) == "early ");
  CHECK(labels({.since = f.started}) == "late config ");
  CHECK(labels({.until = f.started}) == "early ");
  CHECK(labels({.status = status::failed}) == "config ");
  CHECK(labels({.verified = true}) == "late ");
  CHECK(labels({.backup_type = "full", .verified = false}) == "early ");
  CHECK(labels({.database = "x'; drop table backups; --"}).empty());
}

TEST_CASE("a long list of backups is read without a statement for each") {
  RecorderFixture f;
  f.sql(
      "insert into backups (label, backup_type, method, database_name, destination, file_path, "
      "size_bytes, original_bytes, checksum_md5, checksum_sha256, status_id, started_at, "
      "completed_at) select 'label-' || i, 'full', 'dump', 'x121', 'file:///backups', 'key-' || "
      "i, i, i, repeat('a', 32), repeat('b', 64), 3, now() - i * interval '1 hour', now() from "
      "generate_series(1, 10000) i; "
      "insert into backup_copies (backup_id, store, url, state, size_bytes) select id, s, "
      "'file:///backups', 'completed', 1 from backups, unnest(array['local', 'offsite']) s");
  test::cluster().psql("postgres", "alter database " + f.database + " set log_statement = 'all'");
  auto catalog = f.open_catalog();
  const auto said_before = test::cluster().log_text().size();
  const auto all = catalog.backups();
  REQUIRE(all.size() == 10000);
  const auto statements = statements_in(test::cluster().log_text().substr(said_before));
  CHECK(statements > 0);
  CHECK(statements < 10);
  CHECK(all.front().label == "label-1");
  CHECK(all.back().copies.size() == 2);
}
