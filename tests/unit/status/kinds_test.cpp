#include "status/kinds.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace bkp::status {

using namespace std::chrono_literals;
using catalog::BackupRecord;

namespace {

const Time now = util::parse_time("2026-11-21T12:00:00Z");

BackupRecord dump(const std::string& database, std::chrono::seconds age,
                  const std::string& status = "completed") {
  BackupRecord backup;
  backup.label = database + std::to_string(age.count());
  backup.backup_type = "full";
  backup.method = "dump";
  backup.database_name = database;
  backup.started_at = now - age;
  backup.status = status;
  return backup;
}

BackupRecord physical(const std::string& method, std::chrono::seconds age) {
  auto backup = dump("", age);
  backup.database_name.reset();
  backup.method = method;
  backup.backup_type = method == "base" ? "full" : "incremental";
  backup.label = method + std::to_string(age.count());
  return backup;
}

BackupRecord verified(BackupRecord backup, std::chrono::seconds ago) {
  backup.verified = true;
  backup.verified_at = now - ago;
  return backup;
}

Kind only(const std::vector<BackupRecord>& backups, const std::vector<std::string>& databases,
          const std::set<std::string>& expected = {"dump"},
          const std::set<std::string>& running = {}) {
  const auto kinds = kinds_of(backups, databases, {expected, running}, {}, now);
  REQUIRE(kinds.size() == 1);
  return kinds.front();
}

}  // namespace

TEST_CASE("a backup is green below six hours, yellow below a day, then red") {
  const auto level = [](std::chrono::seconds age) { return only({dump("a", age)}, {"a"}).level; };
  CHECK(level(0s) == Level::green);
  CHECK(level(6h - 1s) == Level::green);
  CHECK(level(6h) == Level::yellow);
  CHECK(level(24h - 1s) == Level::yellow);
  CHECK(level(24h) == Level::red);
  CHECK(only({}, {"a"}).level == Level::red);
}

TEST_CASE("only good backups of the database itself count") {
  const auto kind =
      only({dump("b", 1h), dump("a", 2h, "failed"), dump("a", 7h), dump("a", 30h)}, {"a"});
  REQUIRE(kind.good);
  CHECK(kind.good->label == "a25200");
  CHECK(kind.level == Level::yellow);
  CHECK_FALSE(kind.being_made);
}

TEST_CASE("what is being made keeps an old one from being red, and nothing from being green") {
  CHECK(only({dump("a", 1min, "running"), dump("a", 25h)}, {"a"}).level == Level::yellow);
  CHECK(only({dump("a", 1min, "running"), dump("a", 1h)}, {"a"}).level == Level::green);
  CHECK(only({dump("a", 1min, "running")}, {"a"}).level == Level::red);
  // A run of full takes its databases one after the other.
  CHECK(only({dump("a", 25h)}, {"a"}, {"dump"}, {"full"}).level == Level::yellow);
  CHECK(only({dump("a", 25h)}, {"a"}, {"dump"}, {"prune"}).level == Level::red);
}

TEST_CASE("dumps are expected where they are taken") {
  CHECK(kinds_of({}, {"a", "b"}, {{"base"}, {}}, {}, now).size() == 1);
  const auto kinds = kinds_of({dump("a", 1h)}, {"a", "b"}, {{"base"}, {}}, {}, now);
  REQUIRE(kinds.size() == 2);
  CHECK(kinds[0].database == "a");
}

TEST_CASE("a base backup is as good as an incremental one, not the other way round") {
  const std::vector<BackupRecord> backups{physical("base", 1h), physical("pages", 2h),
                                          physical("base", 24h * 9)};
  const auto kinds = kinds_of(backups, {}, {}, {}, now);
  REQUIRE(kinds.size() == 2);
  CHECK(kinds[0].kind == "base");
  CHECK(kinds[0].good->label == "base3600");
  CHECK(kinds[1].kind == "incremental");
  CHECK(kinds[1].good->label == "base3600");
  const auto old = kinds_of({physical("pages", 1h), physical("base", 24h * 9)}, {}, {}, {}, now);
  CHECK(old[0].level == Level::yellow);  // eight days, not six hours
  CHECK(old[1].level == Level::green);
}

TEST_CASE("what is expected and is not there is red") {
  const auto kind = only({}, {}, {"base"});
  CHECK(kind.kind == "base");
  CHECK(kind.level == Level::red);
}

TEST_CASE("a verification ages by itself, and none at all is yellow") {
  CHECK(only({dump("a", 1h)}, {"a"}).verified_level == Level::yellow);
  const auto kind = only({dump("a", 1h), verified(dump("a", 48h), 24h)}, {"a"});
  CHECK(kind.verified_level == Level::green);
  CHECK(kind.verified->label == "a172800");
  CHECK(only({verified(dump("a", 1h), 24h * 9)}, {"a"}).verified_level == Level::yellow);
  CHECK(only({verified(dump("a", 1h), 24h * 16)}, {"a"}).verified_level == Level::red);
}

TEST_CASE("ages of a kind's own win") {
  config::Status settings;
  settings.kinds = {{"dump", {1min, 2min}}, {"verified", {1h, 2h}}};
  const auto kinds = kinds_of({verified(dump("a", 90s), 3h)}, {"a"}, {}, settings, now);
  CHECK(kinds.front().level == Level::yellow);
  CHECK(kinds.front().verified_level == Level::red);
}

}  // namespace bkp::status
