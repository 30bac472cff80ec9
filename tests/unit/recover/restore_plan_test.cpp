#include <catch2/catch.hpp>

#include "recover/restore_plan.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

recover::RestorePlan plan() {
  recover::RestorePlan made;
  made.request.database = "x121";
  made.label = "20261121T020000Z-full-x121";
  made.store = "local";
  made.target = "x121_restored_20261121T050000Z";
  made.kept_as = "x121_before_20261121T050000Z";
  made.database_exists = true;
  made.taken_at = util::parse_time("2026-11-21T02:00:00Z");
  made.now = util::parse_time("2026-11-21T05:02:00Z");
  made.backed_up_from = 140009;
  made.restored_to = 150018;
  made.clients = {{"app", "web\n", 3}, {"cron", "", 1}};
  return made;
}

}  // namespace

TEST_CASE("a restore beside loses nothing, and the plan says so") {
  const auto text = recover::to_text(plan());
  CHECK_THAT(text, Contains("20261121T020000Z-full-x121 on store local"));
  CHECK_THAT(text, Contains("3h 2min ago"));
  CHECK_THAT(text, Contains("never verified: a hope"));
  CHECK_THAT(text, Contains("not measured yet"));
  CHECK_THAT(text, Contains("4: 3 × app (web\\x0a), 1 × cron"));
  CHECK_THAT(text, Contains("PostgreSQL 15.18, backed up from 14.9"));
  CHECK_THAT(text, Contains("nothing: what exists stays as it is"));
}

TEST_CASE("a label out of a strange store cannot steer the terminal") {
  auto odd = plan();
  odd.label = "a\u202eb";
  odd.copy_error = "short";
  odd.alternative = recover::Alternative{"c\u202ed", std::nullopt, "bkp restore"};
  const auto text = recover::to_text(odd);
  CHECK_THAT(text, Contains("a\\xe2\\x80\\xaeb on store") && Contains("c\\xe2\\x80\\xaed, never"));
  CHECK_THAT(text, !Contains("\u202e"));
}

TEST_CASE("a swap says what is lost and where the old one goes") {
  auto swap = plan();
  swap.request.swap = true;
  swap.verified = true;
  swap.verified_at = util::parse_time("2026-11-21T03:00:00Z");
  swap.last_seconds = 125;
  const auto text = recover::to_text(swap);
  CHECK_THAT(text, Contains("verified 2026-11-21T03:00:00Z"));
  CHECK_THAT(text, Contains("2min 5s"));
  CHECK_THAT(text, Contains("What was written to it in the 3h 2min since then will not be in it"));
  CHECK_THAT(text, Contains("but stays in \"x121_before_20261121T050000Z\""));
  CHECK_THAT(text, Contains("4 connections will be ended"));
  CHECK(recover::to_json(swap).at("kept_as") == "x121_before_20261121T050000Z");
}

TEST_CASE("a swap with nothing there takes the free name") {
  auto swap = plan();
  swap.request.swap = true;
  swap.database_exists = false;
  CHECK_FALSE(swap.replaces());
  CHECK_THAT(recover::to_text(swap), Contains("takes the name \"x121\", which is free"));
}

TEST_CASE(
    "a backup whose last verification failed is not called a hope, and a better one is named") {
  auto bad = plan();
  bad.verified_at = util::parse_time("2026-11-21T03:00:00Z");
  bad.verification_error = "rows \"t\": 3, expected 4";
  CHECK_THAT(recover::to_text(bad),
             Contains("LAST VERIFICATION FAILED 2026-11-21T03:00:00Z: rows \"t\": 3, expected 4") &&
                 Contains("no other backup") && !Contains("never verified"));
  bad.alternative = {"20261120T020000Z-full-x121", util::parse_time("2026-11-20T03:00:00Z"),
                     "bkp restore 20261120T020000Z-full-x121 --db x121"};
  CHECK_THAT(recover::to_text(bad),
             Contains("verified 2026-11-20T03:00:00Z: `bkp restore 20261120T020000Z-full-x121"));
  const auto json = recover::to_json(bad);
  CHECK(json.at("verification_error") == bad.verification_error);
  CHECK(json.at("alternative").at("label") == "20261120T020000Z-full-x121");
}

TEST_CASE("a damaged copy is named in the plan") {
  auto damaged = plan();
  damaged.verified = true;
  damaged.verified_at = util::parse_time("2026-11-21T03:00:00Z");
  damaged.copy_error = "bytes differ";
  CHECK_THAT(recover::to_text(damaged), Contains("verified 2026-11-21T03:00:00Z") &&
                                            Contains("THE LAST CHECK OF THIS COPY FAILED: bytes"));
}

TEST_CASE(
    "the better backup is the newest verified one, else the newest nothing is known against") {
  const auto backup = [](const std::string& label, bool verified, bool failed) {
    catalog::BackupRecord made;
    made.label = label;
    made.method = "dump";
    made.database_name = "x121";
    made.status = catalog::status::completed;
    made.verified = verified;
    if (verified || failed) made.verified_at = util::parse_time("2026-11-21T03:00:00Z");
    made.copies.emplace_back().state = catalog::status::completed;
    return made;
  };
  auto other = backup("8", true, false);
  other.database_name = "other";
  std::vector<catalog::BackupRecord> all{backup("9", false, true), other,
                                         backup("7", false, true), backup("6", false, false),
                                         backup("5", true, false), backup("4", true, false)};
  CHECK(recover::better_backup(all, all[0])->label == "5");
  all[4].copies[0].error_message = "bytes differ";
  CHECK(recover::better_backup(all, all[0])->label == "4");
  all.pop_back();
  CHECK(recover::better_backup(all, all[0])->label == "6");
  all.resize(3);
  CHECK(recover::better_backup(all, all[0]) == nullptr);
}
