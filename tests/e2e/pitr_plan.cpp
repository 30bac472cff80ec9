// What a recovery is said to reach, and what it is refused for.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/damage.hpp"
#include "support/pitr_site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

std::string warnings_of(const nlohmann::json& report) {
  return report["warnings"].dump();
}

}  // namespace

TEST_CASE("damage behind the target does no harm") {
  PitrSite site;
  site.mark(2);
  const auto between = site.now();
  site.mark(3);
  site.archive_all();
  site.mark(4);
  const auto damaged = site.switch_segment();
  site.mark(5);
  site.archive_all();
  flip_a_bit(site.archived(damaged));

  const auto report = site.recover({"--target-time", between});
  INFO(report.dump(1));
  REQUIRE(report["exit_code"] == 0);
  CHECK_THAT(warnings_of(report), Contains("damaged after the target") && Contains(damaged));
  CHECK(report["result"]["commits_after"].get<int>() >= 1);
  CHECK(site.rows_of(report) == "1,2");
}

TEST_CASE("the end of the archive has a time and an LSN, which can be asked for") {
  PitrSite site;
  site.mark(2);
  site.archive_all();
  const auto plan = site.json({"pitr-restore", "--latest", "--preview"})["result"];
  INFO(plan.dump(1));
  REQUIRE(plan["reaches_lsn"].is_string());
  const auto there = site.recover({"--target-lsn", plan["reaches_lsn"]});
  CHECK(there["result"]["reaches_lsn"] == plan["reaches_lsn"]);
  CHECK(site.rows_of(there) == "1,2");
  const auto gone = site.write_segments(1);
  site.mark(3);
  site.archive_all();
  std::filesystem::remove(site.archived(gone));
  const auto refused = site.run({"pitr-restore", "--latest", "--preview"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 8);
  CHECK_THAT(refused.err, Contains("--target-lsn") && Contains("the last transaction before"));
}

TEST_CASE("what was committed while a backup was taken is reached from the one before") {
  PitrSite site{"limits: {rate: 8MiB/s}\n"};
  auto backup = site.command({"full", "--method", "base", "--json"}).start();
  REQUIRE(wait_until([&] {
    return site.ask(
               "select count(*) from pg_stat_activity where state = 'idle' and "
               "query like '%pg_backup_start%'") != "0";
  }));
  const auto xid = site.ask("begin; insert into marker values (2); select txid_current(); commit");
  site.ask("select pg_create_restore_point('meanwhile')");
  site.mark(3);
  REQUIRE(backup.wait().exit_code == 0);
  site.mark(4);
  site.archive_all();
  const auto before = site.recover({"--target-xid", xid, "--exclusive"});
  CHECK(before["result"]["backup"] == site.label);
  CHECK(site.rows_of(before) == "1");
  CHECK(site.rows_of(site.recover({"--target-name", "meanwhile"})) == "1,2");
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2,3,4");
}

TEST_CASE("an LSN behind the last record of the archive is refused") {
  PitrSite site;
  site.mark(2);
  const auto last = site.switch_segment();
  site.wait_for_archived(last);
  // The server left the rest of that segment empty.
  const auto next = site.ask("select pg_walfile_name(pg_current_wal_insert_lsn())");
  REQUIRE(next > last);
  const auto in_tail = site.ask(
      "select pg_current_wal_insert_lsn() - (pg_current_wal_insert_lsn() - '0/0'::pg_lsn) "
      "% 1048576 - 4096");
  const auto refused = site.run({"pitr-restore", "--target-lsn", in_tail, "--preview"});
  CAPTURE(in_tail, refused);
  CHECK(refused.exit_code == 10);
  CHECK_THAT(refused.err, Contains("cannot be reached"));
  site.mark(3);
  site.archive_all();
  CHECK(site.rows_of(site.recover({"--target-lsn", in_tail})) == "1,2");
}

TEST_CASE("where no required store can be read, nobody knows where the archive ends") {
  PitrSite site;
  site.add_store("vault", false);
  site.must({"init"});
  site.mark(2);
  site.archive_all();
  REQUIRE(site.run({"wal-check"}).exit_code == 0);
  REQUIRE(site.run({"copy", "--to", "vault"}).exit_code == 0);
  site.cluster().stop();
  std::filesystem::remove_all(site.store());

  const auto refused =
      site.run({"pitr-restore", "--latest", "--to", site.target().string(), "--start"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 6);
  CHECK_THAT(refused.err, Contains("no required store can be read") && Contains("required: false"));
  CHECK_FALSE(std::filesystem::exists(site.target()));

  auto text = read_text(site.config_file());
  const std::string optional = "required: false";
  REQUIRE(text.find(optional) != text.npos);
  text.replace(text.find(optional), optional.size(), "required: true");
  const std::string lost = "  - name: local\n";
  text.insert(text.find(lost) + lost.size(), "    required: false\n");
  site.write_config(text);
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2");
}

TEST_CASE("a time on a branch that was left is said to be one") {
  PitrSite site;
  site.mark(2);
  const auto fork = site.now();
  site.mark(3);
  site.archive_all();
  site.mark(4);
  const auto late = site.now();
  site.mark(5);
  site.archive_all();
  REQUIRE(site.recover({"--target-time", fork, "--promote"})["exit_code"] == 0);
  site.replace_server();
  site.mark(10);
  site.archive_all();

  const auto report = site.json({"pitr-restore", "--target-time", late, "--preview"});
  CHECK_THAT(warnings_of(report), Contains("timeline 1 went on") && Contains("--timeline 1"));
  CHECK(site.rows_of(site.recover({"--target-time", late, "--timeline", "1"})) == "1,2,3,4");
  // Before the branches part there is one only; and a quiet hour of the new one is no other's.
  for (const auto& time : {fork, site.now()}) {
    site.mark(time == fork ? 11 : 12);
    site.archive_all();
    const auto other = site.json({"pitr-restore", "--target-time", time, "--preview"});
    CHECK(other["exit_code"] == 0);
    CHECK_THAT(warnings_of(other), !Contains("went on"));
  }
}

TEST_CASE("a damaged backup is said with the way on") {
  PitrSite site;
  site.archive_all();
  for (const auto& entry :
       std::filesystem::directory_iterator{site.store() / "studio/backups" / site.label}) {
    if (entry.path().filename().string().starts_with("base-0001")) flip_a_bit(entry.path());
  }
  const auto outcome =
      site.run({"pitr-restore", "--latest", "--to", site.target().string(), "--start"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("--backup") && Contains("is not whole: remove it"));
}
