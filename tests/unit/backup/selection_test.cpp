#include "backup/selection.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

catalog::BackupRecord record(std::int64_t id, const std::string& label, const char* status) {
  catalog::BackupRecord backup;
  backup.id = id;
  backup.label = label;
  backup.backup_type = "full";
  backup.database_name = "x121";
  backup.status = status;
  backup.started_at = util::parse_time(label.substr(0, 16));
  return backup;
}

const std::vector<catalog::BackupRecord> backups = {
    record(14, "20261121T040000Z-full-x121", "running"),
    record(13, "20261121T030000Z-full-x121", "failed"),
    record(12, "20261121T020000Z-full-x121", "completed"),
    record(11, "20261120T020000Z-full-x121", "partial"),
    record(10, "20261119T020000Z-full-x121", "completed")};

std::string selected(std::string_view name) {
  return backup::select_backup(backups, name).label;
}

util::Error selection_error(std::string_view name) {
  INFO(name);
  return test::error_of([&] { backup::select_backup(backups, name); });
}

}  // namespace

TEST_CASE("latest is the newest good one, and ~N goes back over good ones only") {
  CHECK(selected("latest") == "20261121T020000Z-full-x121");
  CHECK(selected("latest~0") == "20261121T020000Z-full-x121");
  CHECK(selected("latest~1") == "20261120T020000Z-full-x121");
  CHECK(selected("latest~2") == "20261119T020000Z-full-x121");
}

TEST_CASE("an id, a label and a unique prefix name a backup of any state") {
  CHECK(selected("13") == "20261121T030000Z-full-x121");
  CHECK(selected("20261121T030000Z-full-x121") == "20261121T030000Z-full-x121");
  CHECK(selected("20261120") == "20261120T020000Z-full-x121");
}

TEST_CASE("what names nothing is not found") {
  for (const char* name : {"latest~3", "latest~x", "99", "2025", "", "latest~"}) {
    CHECK(selection_error(name).kind() == util::ErrorKind::not_found);
  }
}

TEST_CASE("an ambiguous prefix lists what it could mean") {
  const auto error = selection_error("20261121");
  CHECK(error.kind() == util::ErrorKind::not_found);
  CHECK_THAT(error.message(), Contains("20261121T020000Z-full-x121") && Contains("3 labels"));
}

TEST_CASE("with nothing good there is no latest") {
  CHECK_THROWS_AS(backup::select_backup({backups[0], backups[1]}, "latest"), util::Error);
}

TEST_CASE("a filter narrows by each of its fields") {
  catalog::BackupFilter filter;
  filter.status = "completed";
  filter.since = util::parse_time("2026-11-20");
  CHECK(backup::matches(backups[2], filter));
  CHECK_FALSE(backup::matches(backups[3], filter));
  CHECK_FALSE(backup::matches(backups[4], filter));
  filter = {};
  filter.database = "other";
  CHECK_FALSE(backup::matches(backups[2], filter));
  filter = {};
  filter.until = backups[2].started_at;
  CHECK_FALSE(backup::matches(backups[2], filter));
  filter = {};
  filter.verified = true;
  CHECK_FALSE(backup::matches(backups[2], filter));
  filter = {};
  filter.copy_failed_on = "offsite";
  auto backup = backups[2];
  CHECK_FALSE(backup::matches(backup, filter));
  backup.copies.resize(2);
  backup.copies[0].store = "offsite";
  backup.copies[0].state = catalog::status::failed;
  backup.copies[1].store = "vault";
  backup.copies[1].state = catalog::status::completed;
  CHECK(backup::matches(backup, filter));
  filter.copy_failed_on = "vault";
  CHECK_FALSE(backup::matches(backup, filter));
}
