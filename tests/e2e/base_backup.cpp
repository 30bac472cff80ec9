// Base backups of the whole cluster, and their proof.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/damage.hpp"
#include "support/pitr_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("stock tools accept what a base backup holds") {
  PitrSite site;
  const auto place = site.cluster().make_directory("unpacked");
  for (const auto& entry :
       std::filesystem::directory_iterator{site.store() / "studio/backups" / site.label}) {
    if (entry.path().extension() != ".zst") continue;
    output_of(Program{{"sh", "-c", "zstd -dcq \"$0\" | tar -x -C \"$1\"", entry.path().string(),
                       place.string()}});
  }
  const auto verified = Program{
      {(site.cluster().bin_directory() / "pg_verifybackup").string(), "--no-parse-wal",
       place.string()}}.run();
  CAPTURE(verified);
  CHECK(verified.exit_code == 0);
  CHECK(std::filesystem::exists(place / "backup_label"));
  CHECK_FALSE(std::filesystem::exists(place / "postmaster.pid"));
  CHECK(std::filesystem::is_empty(place / "pg_replslot"));

  const auto listed = site.json({"list"})["result"]["backups"][0];
  CHECK(listed["method"] == "base");
  CHECK(listed["database_name"].is_null());
  CHECK(site.run({"verify", site.label, "--level", "checksum"}).exit_code == 0);
  const auto shown = site.json({"show", site.label})["result"]["backup"];
  CHECK_FALSE(shown["start_lsn"].is_null());
  CHECK(shown["timeline"] == 1);
  CHECK(site.run({"show", site.label}).exit_code == 0);
  const auto page = read_text(site.store() / "studio/runbook/runbook.html");
  CHECK_THAT(page, Contains("The whole cluster at a moment") && Contains(site.label) &&
                       Contains("pitr-restore --latest"));
}

TEST_CASE("tablespaces go where they are told, others do not overwrite") {
  PitrSite site;
  const auto old_place = site.cluster().make_directory("space");
  site.ask("create tablespace space location " + sql_literal(old_place.string()));
  site.ask("create table in_space tablespace space as select 42 as answer");
  site.ask("create unlogged table unlogged as select 1");
  site.back_up_cluster();
  site.archive_all();
  CHECK(site.run({"pitr-restore", "--immediate", "--to", site.target().string()}).exit_code == 11);
  const auto new_place = site.directory() / "new-space";
  const auto report =
      site.recover({"--latest", "--tablespace-map", old_place.string() + "=" + new_place.string()});
  INFO(report.dump(1));
  REQUIRE(report["exit_code"] == 0);
  const auto answer = site.cluster().ask(
      report["result"]["socket"].get<std::string>(),
      "select answer, (select count(*) from unlogged), pg_tablespace_location(oid) "
      "from in_space, pg_tablespace where spcname = 'space'");
  CHECK(answer == "42|0|" + new_place.string());
  site.stop_recovered();
}

TEST_CASE("a page that the disk damaged is said, with its file and block, and fails verify") {
  ArchivingSite site{{}, {.initdb_arguments = {"--data-checksums"}}};
  site.must({"init"});
  site.start_archiving();
  site.cluster().psql("postgres", "create table pages as select generate_series(1, 5000) i");
  site.cluster().psql("postgres", "checkpoint");
  const auto file = site.cluster().psql("postgres", "select pg_relation_filepath('pages')");
  const auto sound = site.json({"full", "--method", "base"});
  CHECK(sound["exit_code"] == 0);
  CHECK(sound["warnings"].empty());
  site.wait_for_archived(site.switch_segment());
  CHECK(site.run({"verify", "latest"}).exit_code == 0);

  site.cluster().change_file(file, damage_page_3);
  const auto outcome = site.run({"full", "--method", "base"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("block 3 of \"" + file + "\""));
  const auto listed = site.json({"list"})["result"]["backups"][0];
  CHECK(listed["status"] == "completed");
  CHECK_THAT(listed["error_message"].get<std::string>(), Contains(file));
  site.wait_for_archived(site.switch_segment());
  const auto verified = site.run({"verify", "latest"});
  CAPTURE(verified);
  CHECK(verified.exit_code == 8);
  CHECK_THAT(verified.out, Contains(file));

  // What is built on it has the page too, and says so, as does what is made of that.
  for (const auto* command : {"incr", "incr"}) {
    const auto again = site.run({command});
    CAPTURE(again);
    CHECK(again.exit_code == 8);
    CHECK_THAT(again.err, Contains("block 3 of \"" + file + "\""));
  }
  CHECK(site.run({"consolidate"}).exit_code == 8);
}

TEST_CASE("a server that does not archive has no base backup") {
  Site site{{}, {}, Site::Owner::server};
  site.must({"init"});
  const auto outcome = site.run({"full", "--method", "base"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 11);
  CHECK_THAT(outcome.err, Contains("does not archive"));
  CHECK(site.json({"list"})["result"]["backups"][0]["status"] == "failed");
}

TEST_CASE("without a required store nothing is archived, so there is no base backup either") {
  PitrSite site;
  site.add_store("vault", false);
  site.must({"init"});
  std::filesystem::rename(site.store(), site.directory() / "away");
  const auto outcome = site.run({"full", "--method", "base"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 6);
  CHECK_THAT(outcome.err, Contains("store \"local\" is required") && Contains("archives no WAL"));
  std::filesystem::rename(site.directory() / "away", site.store());
  CHECK(site.run({"full", "--method", "base"}).exit_code == 0);
}

TEST_CASE("verify starts a base backup, recovers it, and looks at every page, table and index") {
  PitrSite site;
  for (int i = 2; i < 6; ++i) {
    site.mark(i);
    site.archive_all();
  }
  const auto scratch = site.directory() / "state/scratch";
  const auto report = site.json({"verify", site.label});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  const auto& verification = report["result"]["verifications"][0];
  CHECK(verification["success"] == true);
  CHECK(verification["restore_duration_seconds"].get<double>() > 0);
  CHECK(std::filesystem::is_empty(scratch));
  CHECK(site.json({"list"})["result"]["backups"][0]["verified"] == true);

  SECTION("as a drill it is held against the time that a restore may take") {
    const auto drill = site.json({"verify", site.label, "--level", "drill"});
    INFO(drill.dump(1));
    CHECK(drill["exit_code"] == 0);
    CHECK(drill["warnings"].empty());
    site.write_config(site.base_config() + "objectives: {rto: 1s}\n");
    site.ask("create table heavy as select md5(i::text) from generate_series(1, 1000000) i");
    site.back_up_cluster();
    site.archive_all();
    const auto late = site.run({"verify", "latest", "--level", "drill"});
    CAPTURE(late);
    CHECK_THAT(late.err, Contains("objectives.rto"));
  }
  SECTION("without the segment that makes it consistent it is no good") {
    const auto shown = site.json({"show", site.label})["result"]["backup"];
    const auto needed = site.ask("select pg_walfile_name(" +
                                 sql_literal(shown["start_lsn"].get<std::string>()) + ")");
    std::filesystem::remove(site.archived(needed));
    site.age_archive();
    CHECK(site.run({"verify", site.label}).exit_code == 8);
    CHECK(std::filesystem::is_empty(scratch));
    const auto checked = site.run({"wal-check"});
    CHECK(checked.exit_code == 8);
    CHECK_THAT(checked.err, Contains(needed));
  }
  SECTION("nor with a part that was changed") {
    for (const auto& entry :
         std::filesystem::directory_iterator{site.store() / "studio/backups" / site.label})
      if (entry.path().extension() == ".zst") flip_a_bit(entry.path());
    CHECK(site.run({"verify", site.label}).exit_code == 8);
  }
}
