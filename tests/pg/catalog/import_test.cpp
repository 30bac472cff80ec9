// What a store tells a catalog that does not know it, or knows better.
#include <catch2/catch.hpp>

#include "recorder_fixture.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::example_label;
using test::RecorderFixture;

namespace {}

TEST_CASE("what is imported from a store brings verification and hold along") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_verification(f.verification(example_label, "restore", true));
  CHECK(f.sql("select backup_id is null from verifications") == "t");

  auto found = f.backup(example_label);
  found.verified = true;
  found.verified_at = f.started + std::chrono::hours{3};
  found.held_until = forever;
  found.hold_reason = "audit";
  found.created_at = f.started;
  found.copies.pop_back();
  recorder->import_backup(found);
  recorder->import_backup(found);
  auto read = *f.open_catalog().backup(example_label);
  CHECK(read.verified);
  CHECK(read.verified_at == found.verified_at);
  CHECK(read.held_until == forever);
  CHECK(read.created_at == f.started);
  CHECK(read.copies.size() == 1);
  CHECK_FALSE(read.run_id);
  CHECK(f.sql("select backup_id is null from verifications") == "f");

  SECTION("a later verification the catalog knows stays") {
    auto failure = f.verification(example_label, "restore", false);
    failure.finished_at = f.started + std::chrono::hours{9};
    recorder->save_verification(failure);
    recorder->import_backup(found);
    read = *f.open_catalog().backup(example_label);
    CHECK_FALSE(read.verified);
    CHECK(read.verified_at == failure.finished_at);
  }
  SECTION("what is there again is no longer purged") {
    recorder->mark_purged(example_label, "local", f.started);
    CHECK(f.open_catalog().backups().empty());
    recorder->import_backup(found);
    CHECK(f.open_catalog().backups().at(0).status == status::completed);
  }
}

TEST_CASE("a store that missed a hold does not end it") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(example_label));
  recorder->set_hold(example_label, f.started + std::chrono::hours{9}, "audit");
  recorder->import_backup(f.backup(example_label));
  CHECK(f.open_catalog().backup(example_label)->held_until == f.started + std::chrono::hours{9});
  CHECK(f.open_catalog().backup(example_label)->hold_reason == "audit");
  auto earlier = f.backup(example_label);
  earlier.held_until = f.started + std::chrono::hours{1};
  earlier.hold_reason = "earlier";
  recorder->import_backup(earlier);
  CHECK(f.open_catalog().backup(example_label)->hold_reason == "audit");
  auto later = f.backup(example_label);
  later.held_until = forever;
  later.hold_reason = "later";
  recorder->import_backup(later);
  CHECK(f.open_catalog().backup(example_label)->held_until == forever);
  CHECK(f.open_catalog().backup(example_label)->hold_reason == "later");
}

TEST_CASE("a catalog that is rebuilt store by store judges as the lost one did") {
  RecorderFixture f;
  const auto recorder = f.opened();
  const auto proven = f.started + std::chrono::hours{1};
  auto local = f.backup(example_label);
  local.copies.pop_back();
  local.verified = true;
  local.verified_at = proven;
  local.copies[0].error_message = "bytes differ";
  local.copies[0].last_checked_at = f.started + std::chrono::hours{2};
  auto offsite = f.backup(example_label);
  offsite.copies.erase(offsite.copies.begin());
  SECTION("the damaged one first") {
    recorder->import_backup(local);
    CHECK(f.open_catalog().backup(example_label)->failed_verification());
    CHECK(f.open_catalog().backup(example_label)->verification_error() == "bytes differ");
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
    CHECK(f.open_catalog().backup(example_label)->failed_verification());
    offsite.copies[0].last_checked_at = f.started + std::chrono::hours{4};
    recorder->import_backup(offsite);
    // A store that knows less than the catalog does not clear what the catalog found.
    auto blank = local;
    blank.copies[0].error_message.clear();
    blank.copies[0].last_checked_at.reset();
    recorder->import_backup(blank);
  }
  const auto backup = *f.open_catalog().backup(example_label);
  CHECK(backup.verified);
  CHECK(backup.verified_at == proven);
  CHECK(backup.copies[0].damaged());
  CHECK(backup.copies[1].sound());
}
