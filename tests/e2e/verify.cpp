// `bkp verify`: good backups pass, every kind of damage is found, nothing is left behind.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/damage.hpp"
#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site with a database x121 and one backup of it.
struct Studio : Site {
  explicit Studio(const std::string& yaml = {}) : Site{yaml} {
    must({"init"});
    cluster().create_database("x121");
    cluster().psql("x121",
                   "create table segments (id serial primary key, approved bool default true);"
                   "insert into segments select from generate_series(1, 5000)");
    label = back_up("x121");
  }
  std::filesystem::path part(const std::string& which, const std::string& name) const {
    return store() / "studio" / "backups" / which / name;
  }
  bool leaves_nothing() {
    return cluster().psql("postgres",
                          "select count(*) from pg_database where datname like "
                          "'bkp_verify%'") == "0";
  }
  std::string verified(const std::string& which) {
    return cluster().psql("bkp",
                          "select verified from bkp.backups where label = " + sql_literal(which));
  }
  std::string label;
};

/// Exit 8 at both levels, with a message that contains `text`.
void check_damaged(Studio& studio, const std::string& text) {
  for (const auto* level : {"checksum", "restore"}) {
    const auto outcome = studio.run({"verify", "latest", "--level", level});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 8);
    CHECK_THAT(outcome.err, Contains(text) && Contains("hint: "));
  }
  CHECK(studio.leaves_nothing());
  CHECK(studio.verified(studio.label) == "f");
}

}  // namespace

TEST_CASE("a checked restore makes a backup verified, a re-read does not") {
  Studio studio;
  CHECK(studio.json({"verify", "--level", "checksum"}).at("status") == "ok");
  CHECK(studio.verified(studio.label) == "f");
  const auto report = studio.directory() / "report.xml";
  const auto json = studio.json({"verify", studio.label, "--junit", report.string()});
  INFO(json.dump(1));
  CHECK(json.at("status") == "ok");
  const auto verification = json.at("result").at("verifications").at(0);
  CHECK(verification.at("label") == studio.label);
  CHECK(verification.at("coverage").at("rows_checked") == 5000);
  CHECK(studio.verified(studio.label) == "t");
  CHECK(studio.leaves_nothing());
  CHECK_THAT(read_text(report), Contains("<testcase classname=\"rows\" name=\"public.segments\""));
  CHECK(studio.cluster().psql("bkp", "select count(*) from bkp.verifications where success") ==
        "2");
}

TEST_CASE("a report that cannot be written, or a store that is not there, ends a run at once") {
  Studio studio;
  studio.back_up("x121");
  const auto report = (studio.directory() / "gone" / "report.xml").string();
  const auto unwritable = studio.run({"verify", "--all", "--junit", report});
  CAPTURE(unwritable);
  CHECK(unwritable.exit_code == 6);
  CHECK_THAT(unwritable.err, Contains("cannot write \"" + report + "\"") && !Contains(".bkp-"));
  CHECK(studio.run({"verify", "--junit", "/dev/null"}).exit_code == 2);
  const auto nowhere = studio.run({"verify", "--all", "--store", "nope"});
  CAPTURE(nowhere);
  CHECK(nowhere.exit_code == 10);
  const std::string said = "there is no store \"nope\"";
  CHECK_THAT(nowhere.err, Contains(said));
  CHECK((nowhere.out + nowhere.err).find(said) == (nowhere.out + nowhere.err).rfind(said));
  CHECK(studio.cluster().psql("bkp", "select count(*) from bkp.verifications") == "0");
}

TEST_CASE("a drill is held against the objective") {
  Studio studio{"objectives: {rto: 30min}\n"};
  const auto json = studio.json({"verify", "--level", "drill"});
  INFO(json.dump(1));
  CHECK(json.at("status") == "ok");
  const auto objective = json["result"]["verifications"][0]["coverage"]["objective"];
  CHECK(objective.at("rto_seconds") == 1800);
  CHECK(objective.at("met") == true);
}

TEST_CASE("an assertion whose database is misspelt is not passed over in silence") {
  Studio studio{
      "verify:\n  assertions:\n    - {name: enough, database: x112, sql: select 1, expect: '1'}\n"};
  const auto outcome = studio.run({"verify", "-q"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("\"enough\" was not looked at") && Contains("\"x112\""));
  CHECK(studio.json({"verify", "latest"}).at("warnings").empty());
  CHECK_THAT(studio.run({"check"}).out, Contains("\"enough\" is about database \"x112\""));
}

TEST_CASE("an assertion that does not hold fails the verification") {
  Studio studio{
      "verify:\n  assertions:\n    - {name: enough, database: x121, sql: select count(*) from "
      "segments, expect: '> 5000'}\n"};
  const auto outcome = studio.run({"verify"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("\"enough\""));
  CHECK_THAT(outcome.err, Contains("verify.assertions") && !Contains("take a new backup"));
  CHECK_THAT(outcome.out, Contains("FAILED assertion"));
  CHECK(studio.verified(studio.label) == "f");
}

TEST_CASE("a changed byte is found") {
  Studio studio;
  flip_a_bit(studio.part(studio.label, "dump.pgc.zst"));
  check_damaged(studio, "dump.pgc.zst");
}

TEST_CASE("a truncated object is found") {
  Studio studio;
  const auto file = studio.part(studio.label, "dump.pgc.zst");
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  check_damaged(studio, "dump.pgc.zst");
}

TEST_CASE("a missing object is found") {
  Studio studio;
  std::filesystem::remove(studio.part(studio.label, "dump.pgc.zst"));
  check_damaged(studio, "missing");
}

TEST_CASE("a part of another backup is found") {
  Studio studio;
  studio.cluster().psql("x121", "insert into segments default values");
  const auto second = studio.back_up("x121");
  std::filesystem::copy_file(studio.part(studio.label, "dump.pgc.zst"),
                             studio.part(second, "dump.pgc.zst"),
                             std::filesystem::copy_options::overwrite_existing);
  studio.label = second;
  check_damaged(studio, "dump.pgc.zst");
}

TEST_CASE("a whole backup that was replaced by another one is found") {
  Studio studio;
  studio.cluster().psql("x121", "delete from segments");
  const auto second = studio.back_up("x121");
  for (const auto* name : {"dump.pgc.zst", "globals.sql.zst"}) {
    std::filesystem::copy_file(studio.part(studio.label, name), studio.part(second, name),
                               std::filesystem::copy_options::overwrite_existing);
  }
  auto manifest = read_text(studio.part(studio.label, "manifest.json"));
  for (auto at = manifest.find(studio.label); at != manifest.npos;
       at = manifest.find(studio.label)) {
    manifest.replace(at, studio.label.size(), second);
  }
  write_text(studio.part(second, "manifest.json"), manifest);
  studio.label = second;
  check_damaged(studio, "is not the one that was stored");
}

TEST_CASE("what pg_restore does not do says nothing about the backup") {
  Studio studio;
  studio.must({"verify"});
  const auto tools = studio.directory() / "bin";
  std::filesystem::create_directory(tools);
  for (const std::string program : {"pg_dump", "pg_dumpall"})
    std::filesystem::create_symlink(studio.cluster().bin_directory() / program, tools / program);
  auto config = studio.base_config();
  const auto from = studio.cluster().bin_directory().string();
  config.replace(config.find("bin_directory: " + from), 15 + from.size(),
                 "bin_directory: " + tools.string());
  studio.write_config(config);
  std::string said = "no pg_restore was found";
  SECTION("there is none") {}
  SECTION("it is killed") {
    said = "pg_restore was killed by signal 9";
    write_text(tools / "pg_restore", "#!/bin/sh\n[ \"$1\" = --version ] && exec " + from +
                                         "/pg_restore --version\nkill -9 $$\n");
    std::filesystem::permissions(tools / "pg_restore", std::filesystem::perms::owner_all);
  }
  const auto outcome = studio.run({"verify"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 5);
  CHECK_THAT(outcome.out + outcome.err, Contains(said));
  CHECK(studio.verified(studio.label) == "t");
  CHECK(studio.leaves_nothing());
}

TEST_CASE("one bad backup among several does not stop the others") {
  Studio studio;
  flip_a_bit(studio.part(studio.label, "dump.pgc.zst"));
  const auto second = studio.back_up("x121");
  const auto json = studio.json({"verify", "--all"});
  INFO(json.dump(1));
  CHECK(json.at("exit_code") == 8);
  REQUIRE(json.at("result").at("verifications").size() == 2);
  CHECK(studio.verified(studio.label) == "f");
  CHECK(studio.verified(second) == "t");
}

TEST_CASE("a verification that is ended drops its database") {
  Studio studio;
  hold_restores_of(studio.cluster(), "x121");
  studio.back_up("x121");
  const auto started = [&] { return !studio.leaves_nothing(); };

  auto asked = studio.bkp().command({"verify"}).start();
  REQUIRE(wait_until(started));
  asked.signal(SIGTERM);
  const auto ended = asked.wait();
  CAPTURE(ended);
  CHECK(ended.exit_code == 128 + SIGTERM);
  CHECK(studio.leaves_nothing());

  auto killed = studio.bkp().command({"verify"}).start();
  REQUIRE(wait_until(started));
  killed.signal(SIGKILL);
  killed.wait();
  CHECK(started());
  studio.cluster().psql("x121", "alter table held drop constraint held_check");
  studio.back_up("x121");
  const auto next = studio.run({"verify"});
  CAPTURE(next);
  CHECK(next.exit_code == 0);
  CHECK(studio.leaves_nothing());
}

namespace {

/// A studio with a second, optional store: two backups, both proven by a restore.
struct TwoStores : Studio {
  TwoStores() {
    add_store("vault", false);
    auto config = read_text(config_file());
    const std::string local = "    url: file://" + store().string() + "\n";
    const std::string keep_one =
        "    retention: {last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, quarterly: 0}\n";
    config.insert(config.find(local) + local.size(), keep_one);
    write_config(config);
    must({"init"});
    older = back_up("x121");
    must({"verify", older});
    newer = back_up("x121");
    must({"verify", newer});
  }

  std::filesystem::path vault() const { return directory() / "vault"; }
  void unmount() const {
    std::filesystem::rename(vault(), directory() / "vault.unmounted");
    std::filesystem::create_directory(vault());
  }
  std::string state_of(const std::string& which) {
    return cluster().psql("bkp",
                          "select verified, verified_at is not null from bkp.backups where "
                          "label = " +
                              sql_literal(which));
  }
  /// The label and what is said of it, with the catalog and without.
  nlohmann::json listed(const std::string& which) const {
    const auto list = json({"list"});
    for (const auto& backup : list.at("result").at("backups")) {
      if (backup.at("label") == which) return backup;
    }
    return {};
  }
  /// The one database here is x121; of others there is no backup to be missed.
  bool check_warns(const std::string& about) const {
    const auto report = json({"check"});
    for (const auto& finding : report.at("result").at("checks")) {
      if (finding.at("check") == about &&
          finding.at("message").get<std::string>().find("x121") != std::string::npos) {
        return true;
      }
    }
    return false;
  }
  std::string older;
  std::string newer;
};

}  // namespace

TEST_CASE("an empty mount point is a store that is away, not a lost backup") {
  TwoStores site;
  site.unmount();
  const auto outcome = site.run({"verify", "--all", "--level", "checksum"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 6);
  CHECK_THAT(outcome.err, Contains("holds no site") && Contains("is the file system mounted?"));
  CHECK(site.state_of(site.newer) == "t|t");
  CHECK(site.state_of(site.older) == "t|t");
  CHECK(site.cluster().psql("bkp",
                            "select count(*) from bkp.verifications where store = 'vault' or not "
                            "success") == "0");
  CHECK(std::filesystem::is_empty(site.vault()));

  site.must({"prune", "--store", "local"});
  CHECK(std::filesystem::exists(site.part(site.newer, "manifest.json")));
  CHECK_FALSE(std::filesystem::exists(site.part(site.older, "manifest.json")));

  site.json({"full", "--db", "x121"});
  CHECK(std::filesystem::is_empty(site.vault()));
  CHECK(site.run({"runbook"}).exit_code == 3);
  CHECK(std::filesystem::is_empty(site.vault()));
}

TEST_CASE("a corrupt object on one store is that copy's damage, until it is repaired") {
  TwoStores site;
  const auto damaged = site.vault() / "studio/backups" / site.newer / "dump.pgc.zst";
  flip_a_bit(damaged);
  const auto outcome = site.run({"verify", "--all", "--level", "checksum"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("a good copy is on store \"local\": `bkp restore " + site.newer +
                                   " --db x121 --store local`"));
  CHECK(site.state_of(site.newer) == "t|t");
  const auto text = site.must({"list"}).out;
  CHECK_THAT(text, Contains("local, vault (damaged)") && !Contains("verification failed"));
  CHECK_THAT(site.must({"show", site.newer}).out, Contains("vault  damaged"));
  CHECK(site.check_warns("copies"));

  // The newest backup stays where it is sound.
  const auto plan = site.json({"prune", "--store", "local", "--dry-run"});
  INFO(plan.dump(1));
  for (const auto& line : plan.at("result").at("plan")) {
    CHECK(line.at("action") == (line.at("label") == site.newer ? "keep" : "remove"));
  }

  // The store alone says the same.
  site.cluster().psql("postgres", "drop database bkp with (force)");
  auto alone = site.listed(site.newer);
  INFO(alone.dump(1));
  CHECK(alone.at("verified") == true);
  for (const auto& copy : alone.at("copies")) {
    CHECK(copy.at("damaged") == (copy.at("store") == "vault"));
  }

  std::filesystem::copy_file(site.part(site.newer, "dump.pgc.zst"), damaged,
                             std::filesystem::copy_options::overwrite_existing);
  site.must({"verify", site.newer, "--level", "checksum"});
  alone = site.listed(site.newer);
  INFO(alone.dump(1));
  for (const auto& copy : alone.at("copies")) CHECK(copy.at("damaged") == false);
}

TEST_CASE("when every copy was damaged and is repaired the backup is proven again") {
  TwoStores site;
  const auto copies = {site.part(site.newer, "dump.pgc.zst"),
                       site.vault() / "studio/backups" / site.newer / "dump.pgc.zst"};
  for (const auto& file : copies) flip_a_bit(file);
  const auto failed = site.run({"verify", site.newer, "--level", "checksum"});
  CAPTURE(failed);
  CHECK(failed.exit_code == 8);
  CHECK(site.state_of(site.newer) == "f|t");
  CHECK(site.check_warns("verification"));
  const auto plan =
      site.run({"restore", site.newer, "--db", "x121", "--into", "again", "--dry-run"});
  CAPTURE(plan);
  CHECK_THAT(plan.out + plan.err,
             Contains("LAST VERIFICATION FAILED 20") && Contains("dump.pgc.zst") &&
                 Contains("`bkp restore " + site.older + " --db x121 --into again`") &&
                 !Contains("never verified"));
  const auto page = site.must({"runbook", "--out", "-"}).out;
  CHECK_THAT(page, Contains("LAST VERIFICATION FAILED 20") && Contains("(damaged)"));

  for (const auto& file : copies) flip_a_bit(file);
  site.must({"verify", site.newer, "--level", "checksum"});
  CHECK(site.state_of(site.newer) == "t|t");
  CHECK_FALSE(site.check_warns("verification"));
  CHECK_FALSE(site.check_warns("copies"));
  site.cluster().psql("postgres", "drop database bkp with (force)");
  CHECK(site.listed(site.newer).at("verified") == true);
  CHECK_FALSE(site.check_warns("verification"));
}
