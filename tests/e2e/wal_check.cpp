// `bkp wal-check`: what is missing or damaged in the archive is found before it is needed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/archiving_site.hpp"
#include "support/damage.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

struct ArchivedSite : ArchivingSite {
  std::string first;
  std::string second;
  std::string third;

  explicit ArchivedSite(const std::string& yaml = {}) : ArchivingSite{yaml} {
    add_store("vault", false);
    must({"init"});
    start_archiving();
    first = write_segments(1);
    second = write_segments(1);
    third = write_segments(1);
    wait_for_archived(third);
  }
  std::filesystem::path in_vault(const std::string& name) {
    return in_store(directory() / "vault", name);
  }
};

}  // namespace

TEST_CASE("a whole archive is well, and says how far it is") {
  ArchivedSite site;
  const auto report = site.json({"wal-check"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  const auto& result = report["result"];
  CHECK(result["gaps"].empty());
  CHECK(result["lost"].empty());
  CHECK(result["opened"] == true);
  REQUIRE(result["timelines"].size() == 1);
  CHECK(result["timelines"][0]["last"] == site.third);
  CHECK(result["archiver"]["failing"] == false);
  CHECK(result["archiver"]["rpo_met"] == true);
  CHECK(site.cluster().psql("bkp", "select count(*) from bkp.runs where command = 'wal-check'") ==
        "1");
}

TEST_CASE("a segment that no store has is a gap, with its name") {
  ArchivedSite site;
  const auto level = GENERATE("names", "content");
  std::filesystem::remove(site.archived(site.second));
  std::filesystem::remove(site.in_vault(site.second));
  const auto outcome = site.run({"wal-check", "--level", level});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("gap") && Contains(site.second));
  const auto quiet = site.run({"wal-check", "-q", "--level", level});
  CHECK_THAT(quiet.out, Contains("GAP") && Contains(site.second));
}

TEST_CASE("a gap before a base backup is told as long as times in it are promised") {
  ArchivedSite site;
  std::filesystem::remove(site.archived(site.second));
  std::filesystem::remove(site.in_vault(site.second));
  const auto label = site.json({"full", "--method", "base"})["result"]["backups"][0]["label"];
  const auto report = site.json({"wal-check"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 8);
  CHECK_THAT(report["error"]["message"].get<std::string>(),
             Contains(site.second) && Contains(label.get<std::string>()));
  REQUIRE(report["result"]["gaps"].size() == 1);
  CHECK(report["result"]["gaps"][0]["past"] == true);
  CHECK(report["result"]["gaps"][0]["past_by"] == label);
}

TEST_CASE("what one store lacks is brought there from another, proven") {
  ArchivedSite site;
  std::filesystem::remove(site.in_vault(site.second));
  CHECK(site.run({"wal-check", "--dry-run"}).exit_code == 3);
  CHECK_FALSE(std::filesystem::exists(site.in_vault(site.second)));
  const auto report = site.json({"wal-check"});
  CHECK(report["exit_code"] == 0);
  CHECK(read_text(site.in_vault(site.second)) == read_text(site.archived(site.second)));
  CHECK(report["result"]["stores"][1]["brought"] == nlohmann::json{site.second});
}

TEST_CASE("damage is found by its content, and mended where another store is sound") {
  ArchivedSite site;
  SECTION("one copy") {
    const auto sound = read_text(site.archived(site.second));
    SECTION("a bit") {
      flip_a_bit(site.archived(site.second));
    }
    SECTION("its end") {
      write_text(site.archived(site.second), sound.substr(0, 500));
    }
    SECTION("swapped") {
      write_text(site.archived(site.second), read_text(site.archived(site.first)));
    }
    const auto outcome = site.run({"wal-check"});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 8);
    CHECK_THAT(outcome.out, Contains("DAMAGED") && Contains(site.second));
    CHECK(site.run({"wal-check", "--mend"}).exit_code == 0);
    CHECK(read_text(site.archived(site.second)) == sound);
    CHECK(site.run({"wal-check"}).exit_code == 0);
  }
  SECTION("every copy") {
    flip_a_bit(site.archived(site.second));
    flip_a_bit(site.in_vault(site.second));
    const auto outcome = site.run({"wal-check", "--mend"});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 8);
    CHECK_THAT(outcome.err, Contains("damaged on every store") && Contains(site.second));
  }
}

TEST_CASE("a record that was changed before it was archived is found where it can be opened") {
  ArchivedSite site;
  // As by memory that fails: the object is what was written, and the WAL in it is wrong.
  const auto original = read_text(site.pg_wal(site.second));
  auto changed = original;
  changed[changed.size() / 2] ^= 1;
  std::filesystem::remove(site.archived(site.second));
  std::filesystem::remove(site.in_vault(site.second));
  const auto place = site.cluster().make_directory("changed") / "pg_wal";
  std::filesystem::create_directories(place);
  write_text(place / site.second, changed);
  site.must({"wal-push", (place / site.second).string()});
  const auto outcome = site.run({"wal-check"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("damaged on every store"));
}

TEST_CASE("an archiver that fails is said") {
  ArchivedSite site;
  site.set_archive_command("false # wal-push");
  site.switch_segment();
  REQUIRE(wait_until(
      [&] {
        return site.cluster().psql("postgres", "select failed_count > 0 from pg_stat_archiver") ==
               "t";
      },
      std::chrono::minutes{1}));
  const auto outcome = site.run({"wal-check"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("archiving fails"));
}

TEST_CASE("check looks at archiving where base backups are wanted, or bkp has archived") {
  ArchivedSite site;
  const auto good = site.run({"check"});
  CAPTURE(good);
  CHECK_THAT(good.out, Contains("the last file archived is"));
  site.set_archive_command("cp %p /nowhere");
  const auto stopped = site.run({"check"});
  CAPTURE(stopped);
  CHECK(stopped.exit_code == 5);
  CHECK_THAT(stopped.out, Contains("has archived WAL") && Contains("is not `bkp wal-push`"));
  for (const auto* store : {"store", "vault"})
    std::filesystem::remove_all(site.directory() / store / "studio/wal");
  CHECK_THAT(site.run({"check"}).out, !Contains("archiv"));
  site.write_config(read_text(site.config_file()) + "full: {method: [dump, base]}\n");
  const auto bad = site.run({"check"});
  CAPTURE(bad);
  CHECK(bad.exit_code == 5);
  CHECK_THAT(bad.out, Contains("archive_command is not `bkp wal-push`"));
}

TEST_CASE("what goes on is told before a gap that is over") {
  ArchivedSite site;
  const auto& lost = site.second;
  REQUIRE(site.run({"full", "--method", "base"}).exit_code == 0);
  std::filesystem::remove(site.archived(lost));
  std::filesystem::remove(site.in_vault(lost));
  CHECK_THAT(site.run({"wal-check"}).err, Contains("had a gap"));
  site.set_archive_command("cp %p /nowhere");
  const auto outcome = site.run({"wal-check", "-q"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("archives with another command"));
  CHECK_THAT(outcome.out, Contains("GAP      " + lost));
}

TEST_CASE("without the server the archive is looked at all the same") {
  ArchivedSite site;
  site.cluster().stop();
  const auto outcome = site.run({"wal-check"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("cannot be asked"));
}
