#include "catalog/records.hpp"

#include <catch2/catch.hpp>

#include "catalog/time_text.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace bkp::catalog;
using namespace std::chrono_literals;

namespace {

BackupRecord complete_backup() {
  BackupRecord b;
  b.id = 7;
  b.label = "20261121T020000Z-full-x121";
  b.backup_type = "full";
  b.method = "dump";
  b.database_name = "x121 \"quoted\"\nü";
  b.parent_id = 3;
  b.parent_label = "20261120T020000Z-full-x121";
  b.destination = "file:///var/backups/bkp";
  b.file_path = "studio/backups/20261121T020000Z-full-x121/manifest.json";
  b.size_bytes = 1'234'567'890'123;
  b.original_bytes = 9'007'199'254'740'993;  // a double could not hold it
  b.checksum_md5 = "d41d8cd98f00b204e9800998ecf8427e";
  b.checksum_sha256 = std::string(64, 'a');
  b.status_id = 3;
  b.status = status::completed;
  b.started_at = util::parse_time("2026-11-21T02:00:00Z") + 123456us;
  b.completed_at = b.started_at + 90s;
  b.start_lsn = "0/16B3748";
  b.stop_lsn = "16/B374D848";
  b.timeline = 2;
  b.verified = true;
  b.verified_at = b.started_at + 2h;
  b.verification_result = {{"success", true}, {"errors", nlohmann::json::array()}};
  b.error_message = "the offsite copy is missing";
  b.triggered_by = "schedule";
  b.held_until = forever;
  b.hold_reason = "audit 2026";
  b.purged_at = b.started_at + 48h;
  b.run_id = 17;
  b.created_at = b.started_at;
  b.updated_at = b.started_at + 3h;
  b.copies = {{"local", "file:///var/backups/bkp", status::completed, 42, std::string(64, 'b'),
               b.completed_at, b.verified_at, ""},
              {"offsite", "s3://bucket/prefix", status::failed, 0, "", std::nullopt, std::nullopt,
               "timed out"}};
  return b;
}

}  // namespace

TEST_CASE("a backup survives the way through JSON text with every member") {
  const auto original = to_json(complete_backup());
  const auto again = to_json(backup_from_json(nlohmann::json::parse(original.dump())));
  CHECK(again == original);
  const auto record = backup_from_json(original);
  CHECK(record.original_bytes == 9'007'199'254'740'993);
  CHECK(record.started_at == complete_backup().started_at);
  CHECK(record.held_until == forever);
  CHECK(record.copies.size() == 2);
  CHECK(record.copies[1].error_message == "timed out");
}

TEST_CASE("the JSON of a backup has every column of the data model") {
  const auto json = to_json(complete_backup());
  for (const char* column : {"id",
                             "label",
                             "backup_type",
                             "method",
                             "database_name",
                             "parent_id",
                             "destination",
                             "file_path",
                             "size_bytes",
                             "original_bytes",
                             "checksum_md5",
                             "checksum_sha256",
                             "status_id",
                             "started_at",
                             "completed_at",
                             "start_lsn",
                             "stop_lsn",
                             "timeline",
                             "verified",
                             "verified_at",
                             "verification_result_json",
                             "error_message",
                             "triggered_by",
                             "held_until",
                             "hold_reason",
                             "purged_at",
                             "run_id",
                             "created_at",
                             "updated_at"}) {
    CAPTURE(column);
    REQUIRE(json.contains(column));
    CHECK_FALSE(json[column].is_null());
  }
}

TEST_CASE("what is not known is null, and null is not known") {
  BackupRecord bare;
  bare.label = "20261121T020000Z-full-x";
  bare.started_at = util::parse_time("2026-11-21T02:00:00Z");
  const auto json = to_json(bare);
  for (const char* key :
       {"database_name", "completed_at", "checksum_md5", "error_message", "held_until",
        "hold_reason", "run_id", "created_at", "verification_result_json", "status_id"}) {
    CAPTURE(key);
    CHECK(json[key].is_null());
  }
  CHECK(to_json(backup_from_json(json)) == json);
  CHECK_FALSE(backup_from_json({{"label", "a"}, {"unknown_key", 1}}).completed_at);
}

TEST_CASE("what is no backup is refused with words") {
  CHECK_THROWS_AS(backup_from_json({{"label", 5}}), util::Error);
  CHECK_THROWS_AS(backup_from_json({{"copies", 5}}), util::Error);
  CHECK_THROWS_AS(backup_from_json({{"started_at", "yesterday"}}), util::Error);
}

TEST_CASE("times are written to the microsecond, without needless digits") {
  const auto second = util::parse_time("2026-11-21T02:00:00Z");
  CHECK(time_text(second) == "2026-11-21T02:00:00Z");
  CHECK(time_text(second + 250ms) == "2026-11-21T02:00:00.25Z");
  CHECK(time_text(second + 1us) == "2026-11-21T02:00:00.000001Z");
  CHECK(time_text(second - 1us) == "2026-11-21T01:59:59.999999Z");
  CHECK(time_text(forever) == "9999-12-31T00:00:00Z");
  CHECK(time_text(Time::max()) == time_text(forever));
}

TEST_CASE("times are read as they were written, and as PostgreSQL writes them") {
  const auto second = util::parse_time("2026-11-21T02:00:00Z");
  for (const auto time : {second, second + 250ms, second + 1us, second - 1us, forever}) {
    CHECK(time_from_text(time_text(time)) == time);
  }
  CHECK(time_from_text("2026-11-21 02:00:00+00") == second);
  CHECK(time_from_text("2026-11-21 02:00:00.123456+00") == second + 123456us);
  CHECK(time_from_text("infinity") == forever);
  CHECK(time_from_text("9999-12-31 00:00:00+00") == forever);
}

TEST_CASE("what is no time in UTC is refused") {
  for (const char* text :
       {"", "2026-11-21", "2026-11-21 02:00:00", "2026-11-21 02:00:00+02", "2026-13-21T02:00:00Z",
        "2026-02-30T02:00:00Z", "2026-11-21T02:00:00.Zx", "2026-11-21T02:00:00.1234567Z",
        "2026-11-21T02:00:0xZ", "-infinity", "2026/11/21 02:00:00+00"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(time_from_text(text), util::Error);
  }
}
