// Incremental backups: chains, their limits, and what becomes of them.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/incremental_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

void make_big_table(IncrementalSite& site) {
  site.ask(
      "create table big as select i, repeat(md5(i::text), 10) as text "
      "from generate_series(1, 20000) i");
  site.ask("checkpoint");
}

std::vector<std::string> labels(const Site& site) {
  const auto listed = site.json({"list"});
  std::vector<std::string> result;
  for (const auto& backup : listed["result"]["backups"]) result.push_back(backup["label"]);
  return result;
}

}  // namespace

TEST_CASE("a chain has what changed, restores as a whole, and is verified as one") {
  IncrementalSite site;
  make_big_table(site);
  const auto full = site.take({"full", "--method", "base"});
  site.ask("update big set text = 'changed' where i in (17, 12000)");
  site.mark(2);
  const auto first = site.take({"incr"});
  CHECK(first["backup_type"] == "incremental");
  CHECK(first["method"] == "pages");
  CHECK(first["original_bytes"].get<long>() < full["original_bytes"].get<long>() / 4);
  site.ask("delete from big where i % 1000 = 0");
  site.mark(3);
  const auto second = site.take({"incr"});
  const auto shown = site.json({"show", second["label"]})["result"]["backup"];
  CHECK(shown["parent_id"] == first["id"]);
  CHECK_THAT(site.must({"show", second["label"]}).out, Contains(first["label"]));
  site.unpack(second["label"]);

  site.mark(4);
  site.archive_all();
  const auto report = site.recover({"--latest"});
  CHECK(report["result"]["backup"] == second["label"]);
  CHECK(report["result"]["chain"] ==
        nlohmann::json::array({second["label"], first["label"], full["label"]}));
  CHECK(site.rows_of(report) == "1,2,3,4");

  const auto verified = site.json({"verify", second["label"]});
  INFO(verified.dump(1));
  CHECK(verified["exit_code"] == 0);
  CHECK(site.run({"verify", second["label"], "--level", "checksum"}).exit_code == 0);

  SECTION("which a rebuilt catalog knows too") {
    site.cluster().psql("bkp", "truncate bkp.backups cascade");
    site.must({"catalog", "rebuild", "--store", "local"});
    const auto again = site.json({"show", second["label"]})["result"]["backup"];
    const auto parent = site.json({"show", first["label"]})["result"]["backup"];
    CHECK(again["parent_id"] == parent["id"]);
    CHECK(site.take({"incr"})["backup_type"] == "incremental");
  }
  SECTION("which is damaged when a backup below is") {
    const auto parts = site.store() / "studio/backups" / full["label"].get<std::string>();
    for (const auto& entry : std::filesystem::directory_iterator{parts})
      if (entry.path().extension() == ".zst") flip_a_bit(entry.path());
    const auto checked = site.run({"verify", second["label"]});
    CAPTURE(checked);
    CHECK(checked.exit_code == 8);
    const auto failed = site.run(
        {"pitr-restore", "--latest", "--backup", second["label"], "--to", site.target().string()});
    CAPTURE(failed);
    CHECK(failed.exit_code == 8);
    std::filesystem::remove_all(site.target());
    // Left to itself it takes an older one that is sound.
    CHECK(site.rows_of(site.recover({"--latest"})) == "1,2,3,4");
    // The damage is noted where it is, and nothing more is built on it.
    const auto listed = site.json({"list"})["result"]["backups"];
    for (const auto& backup : listed) {
      CAPTURE(backup.dump(1));
      CHECK(backup["copies"][0]["damaged"] == (backup["label"] == full["label"]));
      if (backup["label"] == second["label"]) CHECK(backup["verified"] == false);
    }
    const auto next = site.take({"incr"});
    CHECK(next["backup_type"] == "full");
  }
  SECTION("or when one below is gone, or another has taken its place") {
    const auto below = site.store() / "studio/backups" / first["label"].get<std::string>();
    std::filesystem::remove_all(below);
    if (GENERATE(false, true)) {
      const auto manifest = site.store() / "studio/backups" / site.label;
      output_of(Program{{"cp", "-a", manifest.string(), below.string()}});
    }
    const auto checked = site.run({"verify", second["label"]});
    CAPTURE(checked);
    CHECK(checked.exit_code == 8);
    const auto failed = site.run(
        {"pitr-restore", "--latest", "--backup", second["label"], "--to", site.target().string()});
    CHECK(failed.exit_code == 8);
    CHECK_THAT(failed.err, Contains(first["label"].get<std::string>()));
    CHECK_FALSE(std::filesystem::exists(site.target()));
  }
}

TEST_CASE("a full backup is taken when it is time for one, or nothing can be built on") {
  IncrementalSite site;
  const auto because = [](const nlohmann::json& report) {
    INFO(report.dump(1));
    REQUIRE(report["exit_code"] == 0);
    const auto& backup = report["result"]["backups"][0];
    CHECK(backup["method"] == "base");
    return report["result"]["full_because"].get<std::string>();
  };
  site.take_incremental();
  site.take_incremental();
  CHECK_THAT(because(site.json({"incr", "--full-after", "2"})), Contains("2 incremental"));
  site.take_incremental();
  const auto later = site.command_at("+1h", {"incr", "--full-after", "30min", "--json"});
  CHECK_THAT(because(nlohmann::json::parse(output_of(later))), Contains("older than"));
  CHECK(site.run({"incr", "--full-after", "0"}).exit_code == 2);
  CHECK(site.run({"incr", "--full-after", "0s"}).exit_code == 2);
  CHECK(site.run({"incr", "--full-after", "soon"}).exit_code == 2);

  const auto pages = site.directory() / "state/pages/studio";
  std::filesystem::remove_all(pages);
  CHECK_THAT(because(site.json({"incr"})), Contains("has not kept"));
  for (const auto& entry : std::filesystem::directory_iterator{pages}) {
    auto bytes = read_text(entry.path());
    bytes.resize(bytes.size() / 2);
    write_text(entry.path(), bytes);
  }
  CHECK_THAT(because(site.json({"incr"})), Contains("is damaged"));
  // Removed by hand, which no catalog hears of.
  for (const auto& entry : std::filesystem::directory_iterator{site.store() / "studio/backups"})
    std::filesystem::remove_all(entry.path());
  CHECK_THAT(because(site.json({"incr"})), Contains("not there any more"));
}

TEST_CASE("the first incremental backup of all is a full one, and a dry run takes none") {
  ArchivingSite site;
  site.must({"init"});
  site.start_archiving();
  const auto dry = site.json({"incr", "--dry-run"});
  INFO(dry.dump(1));
  CHECK(dry["exit_code"] == 0);
  CHECK(site.json({"list"})["result"]["backups"].empty());
  const auto report = site.json({"incr"});
  CHECK(report["result"]["backups"][0]["backup_type"] == "full");
  CHECK_THAT(report["result"]["full_because"].get<std::string>(), Contains("no physical backup"));
}

TEST_CASE("what is built on a backup sorts after it, also when the clock was set back") {
  IncrementalSite site;
  output_of(site.command_at("+1h", {"full", "--method", "base"}));
  const auto full = site.json({"list"})["result"]["backups"][0]["label"].get<std::string>();
  CHECK(full > site.label);
  const auto first = site.take_incremental();
  const auto second = site.take_incremental();
  CHECK(full < first);
  CHECK(first < second);
  CHECK(site.json({"show", second})["result"]["backup"]["parent_label"] == first);
  CHECK_THAT(site.must({"runbook", "--out", "-"}).out,
             Contains("newest backup in it is <code>" + second));
}

TEST_CASE("retention keeps what a kept backup is built on") {
  IncrementalSite site;
  auto text = site.base_config();
  text.insert(text.find("recover:"), "    retention: {last: 1, wal: 1s}\n");
  site.write_config(text);
  site.mark(2);
  const auto first = site.take_incremental();
  const auto second = site.take_incremental();
  // A chain of its own, so that the first one's full backup is not the last good full one.
  site.take_full();
  site.must({"prune"});
  auto kept = labels(site);
  CHECK(kept.size() == 4);
  CHECK(std::ranges::count(kept, first) == 1);
  CHECK(std::ranges::count(kept, second) == 1);
  CHECK(std::ranges::count(kept, site.label) == 1);
  const auto third = site.take_incremental();
  // Until the second full one is older than the window, so that any time in it is reached from
  // there.
  CHECK(wait_until(
      [&] {
        site.must({"prune"});
        return labels(site).size() == 2;
      },
      std::chrono::minutes{1}));
  kept = labels(site);
  CHECK(std::ranges::count(kept, third) == 1);
}

TEST_CASE("a sealed site's chain is taken without an identity and restored with it") {
  IncrementalSite site;
  const auto identity = (site.directory() / "identity").string();
  const auto recipient = site.make_identity(identity);
  site.write_config(site.base_config() + "encryption: {recipients: [" + recipient + "]}\n");
  site.take_full();
  site.mark(2);
  const auto sealed = site.take_incremental();
  for (const auto& entry :
       std::filesystem::directory_iterator{site.store() / "studio/backups" / sealed})
    CHECK(entry.path().extension() != ".zst");
  site.archive_all();
  CHECK(site.run({"verify", sealed}).exit_code == 9);
  const auto refused = site.run({"pitr-restore", "--latest", "--to", site.target().string()});
  CHECK(refused.exit_code == 9);
  CHECK_FALSE(std::filesystem::exists(site.target()));
  // No backup is blamed for a key that is not here, and one that is named opens the WAL too.
  CHECK(site.json({"list"})["result"]["backups"][0]["verified_at"].is_null());
  CHECK(site.run({"verify", sealed, "--identity", identity}).exit_code == 0);
  CHECK(site.rows_of(site.recover({"--latest", "--identity", identity})) == "1,2");
  site.write_config(site.base_config() + "encryption: {recipients: [" + recipient +
                    "], identity_files: [" + identity + "]}\n");
  CHECK(site.run({"verify", sealed}).exit_code == 0);
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2");
}

TEST_CASE("a chain becomes a full backup without the server") {
  IncrementalSite site;
  make_big_table(site);
  const auto old_place = site.cluster().make_directory("space");
  site.ask("create tablespace space location " + sql_literal(old_place.string()));
  site.ask("create table in_space tablespace space as select i from generate_series(1, 5000) i");
  site.take_full();
  site.ask("update big set text = 'changed' where i in (17, 12000)");
  site.ask("update in_space set i = 0 where i = 7");
  site.take_incremental();
  site.mark(2);
  const auto taken = site.take({"incr"});
  const std::string second = taken["label"];
  const auto scratch = site.directory() / "state/scratch";
  CHECK(site.run({"consolidate", site.label}).exit_code == 11);
  CHECK(site.run({"consolidate", "none"}).exit_code == 10);
  site.mark(3);
  site.archive_all();
  // Neither a catalog nor a server is there.
  site.cluster().stop();
  const auto report = site.json({"consolidate", second});
  INFO(report.dump(1));
  REQUIRE(report["exit_code"] == 0);
  CHECK(std::filesystem::is_empty(scratch));
  site.cluster().start();
  site.ask("drop table in_space");
  site.ask("drop tablespace space");
  const auto full = report["result"]["backups"][0];
  CHECK(full["backup_type"] == "full");
  CHECK(full["started_at"] == taken["started_at"]);
  for (const auto& entry : std::filesystem::directory_iterator{site.store() / "studio/backups"})
    if (entry.path().filename() != full["label"].get<std::string>())
      std::filesystem::remove_all(entry.path());
  CHECK(site.run({"verify", full["label"]}).exit_code == 0);
  CHECK(site.rows_of(site.recover(
            {"--latest", "--backup", full["label"].get<std::string>(), "--tablespace-map",
             old_place.string() + "=" + (site.directory() / "new-space").string()})) == "1,2,3");
}

TEST_CASE("what follows is built on the full backup that a chain became") {
  IncrementalSite site;
  const auto incremental = site.take_incremental();
  const std::string full = site.take({"consolidate"})["label"];
  CHECK(site.run({"consolidate", incremental}).exit_code == 11);
  CHECK_THAT(site.must({"show", full}).out, Contains("made of") && Contains(incremental));
  site.mark(2);
  const auto next = site.take_incremental();
  const auto shown = site.must({"show", next}).out;
  CHECK_THAT(shown, Contains(full) && !Contains(incremental));
  site.check_incremental_is_full();
}

TEST_CASE("a copy of an incremental backup brings what it is built on along") {
  IncrementalSite site;
  const auto first = site.take_incremental();
  const auto second = site.take_incremental();
  site.add_store("vault", false);
  site.must({"init"});
  site.must({"copy", second, "--to", "vault"});
  for (const auto& label : {site.label, first, second})
    CHECK(std::filesystem::exists(site.directory() / "vault/studio/backups" / label /
                                  "manifest.json"));
  CHECK(site.run({"verify", second, "--store", "vault"}).exit_code == 0);
}

TEST_CASE("a verification on one store takes nothing that the store has from another") {
  IncrementalSite site;
  site.add_store("vault", false);
  site.must({"init"});
  const auto full = site.take_full();
  const auto incremental = site.take_incremental();
  for (const auto& entry :
       std::filesystem::directory_iterator{site.store() / "studio/backups" / full}) {
    if (entry.path().filename().string().starts_with("base-0001")) flip_a_bit(entry.path());
  }
  const auto here = site.run({"verify", incremental, "--store", "local"});
  CAPTURE(here);
  CHECK(here.exit_code == 8);
  CHECK_THAT(site.must({"list"}).out, Contains("local (damaged)"));
  CHECK(site.run({"verify", incremental, "--store", "vault"}).exit_code == 0);
}

TEST_CASE("a chain is whole on every store that it is written to") {
  IncrementalSite site;
  site.add_store("vault", false);
  site.must({"init"});
  const auto full = site.take_full();
  const auto here = site.take({"incr", "--store", "local"});
  const auto parent_of = [&](const nlohmann::json& backup) {
    return site.json({"show", backup["label"]})["result"]["backup"]["parent_label"];
  };
  CHECK(parent_of(here) == full);
  // The vault has not the one before, and never will by itself.
  const auto both = site.take({"incr"});
  CHECK(parent_of(both) == full);
  CHECK(parent_of(site.take({"incr", "--store", "vault"})) == both["label"]);
}

TEST_CASE("a recovery begins with what is known to be bad only when nothing else reaches") {
  IncrementalSite site;
  site.mark(2);
  const auto damaged = site.take_incremental();
  site.archive_all();
  for (const auto& entry :
       std::filesystem::directory_iterator{site.store() / "studio/backups" / damaged})
    if (entry.path().extension() == ".zst") flip_a_bit(entry.path());
  CHECK(site.run({"verify", damaged}).exit_code == 8);
  const auto report = site.recover({"--latest"});
  CHECK(report["result"]["backup"] == site.label);
  CHECK(site.rows_of(report) == "1,2");
  // Nor does it decide which WAL goes.
  auto text = site.base_config();
  text.insert(text.find("recover:"), "    retention: {last: 3, wal: 1s}\n");
  site.write_config(text);
  output_of(site.command_at("+1h", {"prune"}));
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2");
}

TEST_CASE("a backup stands where the marks of its pages cannot be kept") {
  IncrementalSite site;
  const auto pages = site.directory() / "state/pages/studio";
  std::filesystem::permissions(
      pages, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const auto report = site.json({"full", "--method", "base"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  CHECK(report["warnings"].dump().find("no incremental backup can be built on it") !=
        std::string::npos);
  std::filesystem::permissions(pages, std::filesystem::perms::owner_all);
  CHECK(site.run({"verify", "latest"}).exit_code == 0);
  // Those of the backup before are still there.
  CHECK(site.take({"incr"})["backup_type"] == "incremental");
}
