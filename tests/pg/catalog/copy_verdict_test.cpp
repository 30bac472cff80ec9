// What checks of one copy say about that copy, and about the backup.
#include <catch2/catch.hpp>

#include "recorder_fixture.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::example_label;
using test::RecorderFixture;

namespace {

/// Two copies of one backup, checked hour by hour.
struct Checked {
  RecorderFixture f;
  std::unique_ptr<Recorder> recorder = f.opened();
  int hour = 0;

  Checked() { recorder->save_backup(f.backup(example_label)); }

  Time check(const std::string& store, bool success, const std::string& level = "checksum",
             const nlohmann::json& failed_checks = {}) {
    auto verification = f.verification(example_label, level, success);
    verification.store = store;
    verification.finished_at = f.started + std::chrono::hours{++hour};
    if (!failed_checks.is_null()) verification.coverage = {{"checks", failed_checks}};
    recorder->save_verification(verification);
    return verification.finished_at;
  }
  BackupRecord backup() { return *f.open_catalog().backup(example_label); }
};

}  // namespace

TEST_CASE("a checked restore makes a backup verified, a failed one unverified") {
  RecorderFixture f;
  const auto recorder = f.opened();
  recorder->save_backup(f.backup(example_label));
  auto verification = f.verification(example_label, "restore", true);
  recorder->save_verification(verification);
  auto backup = *f.open_catalog().backup(example_label);
  CHECK(backup.verified);
  CHECK(backup.verified_at == verification.finished_at);
  CHECK(backup.verification_result["validation_queries_passed"] == 10);
  CHECK(backup.copies[0].last_checked_at == verification.finished_at);
  CHECK_FALSE(backup.copies[1].last_checked_at);
  CHECK(f.sql("select recovery_tested, recovery_time_seconds, location_local, location_s3 "
              "from backup_logs") ==
        "t|12.5|file:///backups/studio/backups/20261121T020000Z-full-x121/manifest.json|"
        "s3://bucket/studio/backups/20261121T020000Z-full-x121/manifest.json");

  auto failure = f.verification(example_label, "restore", false);
  failure.finished_at += std::chrono::hours{1};
  recorder->save_verification(failure);
  backup = *f.open_catalog().backup(example_label);
  CHECK_FALSE(backup.verified);
  CHECK(backup.verification_error() == failure.errors[0]);
  CHECK(backup.copies[0].error_message.empty());

  const auto history = f.open_catalog().verifications(example_label);
  REQUIRE(history.size() == 2);
  CHECK(history[0].errors == failure.errors);
  CHECK(history[1].coverage["tables"] == 7);
  CHECK(history[1].success);
}

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
    auto late = it.f.verification(example_label, "checksum", true);
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
  recorder->save_backup(f.backup(example_label));
  recorder->save_verification(f.verification(example_label, "checksum", true));
  CHECK_FALSE(f.open_catalog().backup(example_label)->verified);
  recorder->save_verification(f.verification(example_label, "drill", true));
  recorder->save_verification(f.verification(example_label, "checksum", true));
  CHECK(f.open_catalog().backup(example_label)->verified);
  CHECK(f.open_catalog().verifications().size() == 3);
}
