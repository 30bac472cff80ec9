#include <catch2/catch.hpp>

#include "check/topics.hpp"
#include "only_finding.hpp"

namespace bkp::check {

using namespace std::chrono_literals;
using Catch::Contains;
using util::ErrorKind;
using Status = Finding::Status;

namespace {

catalog::BackupRecord backup_of(const std::string& database, util::Time started_at) {
  catalog::BackupRecord backup;
  backup.label = "label-" + database;
  backup.backup_type = "full";
  backup.method = "dump";
  backup.database_name = database;
  backup.status = catalog::status::completed;
  backup.started_at = started_at;
  return backup;
}

const auto now = util::parse_time("2026-11-21T12:00:00Z");

}  // namespace

TEST_CASE("the cluster counts as a database does, once it has a base backup") {
  auto dump = backup_of("a", now - 2h);
  auto base = backup_of("", now - 3h);
  base.label = "label-base";
  base.method = "base";
  base.database_name.reset();
  for (auto* backup : {&dump, &base}) {
    backup->verified = true;
    backup->verified_at = now;
  }
  Findings findings;
  judge_backups({"a"}, {dump, base}, {}, now, findings);
  CHECK(only(findings).status == Status::ok);
  CHECK_THAT(only(findings).message, Contains("and the cluster") && Contains("3h old"));

  base.verified = false;
  findings = {};
  judge_backups({"a"}, {dump, base}, {}, now, findings);
  REQUIRE(findings.all().size() == 2);
  CHECK_THAT(findings.all()[0].message, Contains("the last verification of \"label-base\" failed"));
  CHECK_THAT(findings.all()[1].message, Contains("no backup of the cluster"));

  base.started_at = now - 9 * 24h;
  base.verified = true;
  findings = {};
  judge_backups({"a"}, {dump, base}, {}, now, findings);
  CHECK(only(findings).status == Status::warning);
  CHECK_THAT(only(findings).message, Contains("the cluster is 9d old"));
}

TEST_CASE("fresh, verified backups are good") {
  auto a = backup_of("a", now - 2h);
  auto b = backup_of("b", now - 3h);
  for (auto* backup : {&a, &b}) {
    backup->verified = true;
    backup->verified_at = now;
  }
  Findings findings;
  judge_backups({"a", "b"}, {a, b}, {}, now, findings);
  CHECK(only(findings).status == Status::ok);
  CHECK_THAT(only(findings).message, Contains("at most 3h old"));
}

TEST_CASE("a damaged copy is named although the backup is proven") {
  auto proven = backup_of("a", now - 2h);
  proven.label = "proven";
  proven.verified = true;
  proven.verified_at = now;
  auto& copy = proven.copies.emplace_back();
  copy.store = "vault";
  copy.state = catalog::status::completed;
  copy.error_message = "bytes differ";
  Findings findings;
  judge_backups({"a"}, {proven}, {}, now, findings);
  CHECK(only(findings).check == "copies");
  CHECK(only(findings).message ==
        "1 copy of backups of database \"a\" failed the last check, the newest proven on store "
        "\"vault\": bytes differ");
}

TEST_CASE("missing, old, failed and unverified backups are named") {
  SECTION("none") {
    auto failed = backup_of("a", now - 1h);
    failed.status = catalog::status::failed;
    Findings findings;
    judge_backups({"a"}, {failed}, {}, now, findings);
    CHECK(only(findings).message == "there is no good backup of database \"a\"");
    CHECK(only(findings).fix == "bkp full --db a");
    Findings hostile;
    judge_backups({"it's\na"}, {}, {}, now, hostile);
    CHECK_THAT(to_text(hostile), Contains("fix: bkp full --db $'it\\'s\\x0aa'\n"));
  }
  SECTION("old") {
    auto old = backup_of("a", now - 50h);
    old.verified = true;
    old.verified_at = now - 49h;
    Findings findings;
    judge_backups({"a"}, {old}, {}, now, findings);
    CHECK(only(findings).message == "the last good backup of database \"a\" is 2d 2h old");
  }
  SECTION("never verified") {
    Findings findings;
    judge_backups({"a"}, {backup_of("a", now - 1h)}, {}, now, findings);
    CHECK(only(findings).check == "verification");
    CHECK(only(findings).fix == "bkp verify latest --db a");
  }
  SECTION("the last verification failed") {
    auto bad = backup_of("a", now - 1h);
    bad.label = "bad";
    bad.verified_at = now;
    auto earlier = backup_of("a", now - 30h);
    earlier.verified = true;
    earlier.verified_at = now - 29h;
    Findings findings;
    judge_backups({"a"}, {bad, earlier}, {}, now, findings);
    CHECK(only(findings).message == "the last verification of \"bad\" failed");
    CHECK(only(findings).fix == "bkp show bad");
  }
}

TEST_CASE("a store without any of the backups that the catalog names there") {
  auto backup = backup_of("a", now);
  auto& copy = backup.copies.emplace_back();
  copy.store = "local";
  copy.state = catalog::status::completed;
  const auto judged = [&](const std::string& store, bool required,
                          const std::vector<std::string>& names) {
    Findings findings;
    judge_presence(store, required, names, {backup}, findings);
    return findings;
  };
  CHECK(judged("vault", true, {}).all().empty());
  CHECK(judged("local", true, {"20261121T020000Z-full-a"}).all().empty());
  CHECK(only(judged("local", true, {"lost+found"})).status == Status::error);
  CHECK(only(judged("local", true, {})).kind == ErrorKind::store);
  CHECK(only(judged("local", false, {})).status == Status::warning);
  CHECK_THAT(only(judged("local", false, {})).message, Contains("none of the 1 backups"));
}

TEST_CASE("a store that lacks copies is named, with what brings them") {
  auto older = backup_of("a", now - 2h);
  older.label = "older";
  auto newer = backup_of("a", now - 1h);
  newer.label = "newer";
  for (auto* backup : {&newer, &older}) {
    auto& copy = backup->copies.emplace_back();
    copy.store = "local";
    copy.state = catalog::status::completed;
  }
  const auto judged = [&](const std::string& store) {
    Findings findings;
    judge_missing_copies(store, {newer, older}, findings);
    return findings;
  };
  CHECK(judged("local").all().empty());
  CHECK_THAT(only(judged("vault")).message, Contains("2 backups are elsewhere"));
  CHECK(only(judged("vault")).fix == "bkp copy --to vault");
  auto& missed = older.copies.emplace_back();
  missed.store = "vault";
  missed.state = catalog::status::failed;
  CHECK_THAT(only(judged("vault")).message,
             Contains("no copy of 1 backup that was to go there") && Contains("older"));
  older.copies.back().state = catalog::status::purged;
  CHECK(judged("vault").all().empty());
}

TEST_CASE("an assertion about a database that is nowhere is named") {
  const std::vector<config::Assertion> assertions{{"enough", "segmets", "select 1", "1"},
                                                  {"here", "segments", "select 1", "1"},
                                                  {"gone", "old", "select 1", "1"}};
  Findings findings;
  judge_assertions(assertions, {"postgres", "segments"}, {backup_of("old", now)}, findings);
  CHECK(only(findings).status == Status::warning);
  CHECK_THAT(only(findings).message, Contains("\"enough\"") && Contains("\"segmets\""));
  CHECK_THAT(only(findings).fix, Contains("is it \"segments\"?"));
}

}  // namespace bkp::check
