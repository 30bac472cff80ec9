// Whatever is changed in a store, verify says so and a restore refuses it.
#include <fstream>

#include "backup/site_file.hpp"
#include "fault/fault_site.hpp"
#include "support/damage.hpp"
#include "support/open_store.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

using Damage = std::function<void(const std::filesystem::path& file,
                                  const std::filesystem::path& same_of_another_backup)>;

const std::vector<std::pair<std::string, Damage>> damages{
    {"one bit flipped", [](const auto& file, const auto&) { flip_a_bit(file); }},
    {"truncated by a byte",
     [](const auto& file, const auto&) {
       std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
     }},
    {"emptied", [](const auto& file, const auto&) { std::filesystem::resize_file(file, 0); }},
    {"a byte appended",
     [](const auto& file, const auto&) {
       std::ofstream{file, std::ios::app} << 'x';
     }},
    {"swapped with another backup's",
     [](const auto& file, const auto& other) {
       std::filesystem::copy_file(other, file, std::filesystem::copy_options::overwrite_existing);
     }},
    {"missing", [](const auto& file, const auto&) { std::filesystem::remove(file); }}};

/// Two backups of one database that changed between them.
struct Pair {
  FaultSite site;
  std::string first = site.back_up("slow");
  std::string second;
  std::filesystem::path pristine = site.directory() / "pristine";

  Pair() {
    site.cluster().psql("slow", "insert into t select 0, 'more'; create role another");
    second = site.back_up("slow");
    remember();
  }

  /// What mend() makes the store again.
  void remember() {
    std::filesystem::remove_all(pristine);
    std::filesystem::copy(site.store(), pristine, std::filesystem::copy_options::recursive);
  }

  /// Makes the store what it was when remember() was called.
  void mend() {
    std::filesystem::remove_all(site.store());
    std::filesystem::copy(pristine, site.store(), std::filesystem::copy_options::recursive);
  }

  std::filesystem::path file(const std::string& label, const std::string& name) const {
    return site.store() / "studio/backups" / label / name;
  }

  std::filesystem::path only_file(const std::string& label, const std::string& directory) const {
    const std::filesystem::directory_iterator files{file(label, directory)};
    return begin(files)->path();
  }

  void check_refused() {
    CHECK(site.json({"verify", first, "--level", "checksum"}).at("exit_code") == 0);
    const auto restored = site.json({"restore", second, "--db", "slow", "--into", "back"});
    INFO(restored.dump(1));
    CHECK(restored.at("exit_code") == 8);
    CHECK_FALSE(site.cluster().has_database("back"));
  }
};

}  // namespace

TEST_CASE("damage to a part is found before a byte of it is used") {
  Pair pair;
  for (const std::string name : {"dump.pgc.zst", "globals.sql.zst"}) {
    for (const auto& [what, damage] : damages) {
      CAPTURE(name, what);
      pair.mend();
      damage(pair.file(pair.second, name), pair.file(pair.first, name));
      const auto verified = pair.site.json({"verify", pair.second, "--level", "checksum"});
      INFO(verified.dump(1));
      CHECK(verified.at("exit_code") == 8);
      CHECK_THAT(verified["result"]["verifications"][0]["errors"].dump(), Contains(name));
      if (name == "dump.pgc.zst") pair.check_refused();
    }
  }
}

TEST_CASE("damage to a manifest is found") {
  Pair pair;
  for (const auto& [what, damage] : damages) {
    CAPTURE(what);
    pair.mend();
    damage(pair.file(pair.second, "manifest.json"), pair.file(pair.first, "manifest.json"));
    CHECK(pair.site.run({"verify", pair.second, "--level", "checksum"}).exit_code == 8);
    pair.check_refused();
  }
}

TEST_CASE("damage to what stands beside a backup is found, and does not make the backup bad") {
  Pair pair;
  for (const auto& label : {pair.first, pair.second})
    pair.site.json({"hold", label, "--reason", "audit " + label});
  pair.remember();
  const auto mark = [&](const std::string& label) { return pair.only_file(label, "marks"); };
  const std::vector<std::pair<std::filesystem::path, std::filesystem::path>> objects{
      {mark(pair.second), mark(pair.first)},
      {pair.file(pair.second, "runbook.html"), pair.file(pair.first, "runbook.html")},
      {pair.site.store() / "studio/runbook/runbook.html", pair.file(pair.first, "runbook.html")}};
  for (const auto& [object, other] : objects) {
    for (const auto& [what, damage] : damages) {
      if (what == "missing") continue;
      CAPTURE(object, what);
      pair.mend();
      damage(object, other);
      const auto verified = pair.site.json({"verify", pair.second, "--level", "checksum"});
      INFO(verified.dump(1));
      CHECK(verified.at("exit_code") == 8);
      CHECK(verified["result"]["verifications"][0]["success"] == true);
      CHECK_THAT(verified["error"]["message"].get<std::string>(),
                 Contains(object.lexically_relative(pair.site.store()).string()));
      CHECK_THAT(verified["error"]["hint"].get<std::string>(), Contains("remove"));
    }
  }
}

TEST_CASE("a backup whose marks are damaged can be restored, and is not pruned") {
  Pair pair;
  auto config = pair.site.base_config();
  config.insert(
      config.find("recover:"),
      "    retention: {last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, quarterly: 0}\n");
  pair.site.write_config(config);
  const auto goes = [&] {
    const auto plan = pair.site.json({"prune", "--dry-run"})["result"]["plan"];
    return std::ranges::any_of(plan, [&](const auto& decision) {
      return decision["label"] == pair.first && decision["action"] == "remove";
    });
  };
  CHECK(goes());
  pair.site.json({"hold", pair.first, "--reason", "audit"});
  flip_a_bit(pair.only_file(pair.first, "marks"));
  // What the catalog knows of the hold is not at stake here.
  pair.site.cluster().psql("bkp", "update bkp.backups set held_until = null");
  CHECK(goes());
  const auto restored = pair.site.json({"restore", pair.first, "--db", "slow", "--into", "back"});
  INFO(restored.dump(1));
  CHECK(restored.at("exit_code") == 0);
  CHECK_THAT(restored["warnings"].dump(), Contains("marks/"));
  CHECK(pair.site.json({"prune"}).at("exit_code") == 0);
  CHECK(std::filesystem::exists(pair.file(pair.first, "manifest.json")));
}

TEST_CASE("a damaged site.json stops what reads the store, and says so") {
  Pair pair;
  const auto other = pair.site.directory() / "other-site.json";
  {
    const auto store = test::open_store("file://" + (pair.site.directory() / "other").string(),
                                        store::OpenMode::create);
    const backup::Layout layout{"other"};
    backup::write_site_file(*store, layout, {"other", "", {}});
    write_text(other, *store::get_text(*store, layout.site_file()));
  }
  for (const auto& [what, damage] : damages) {
    if (what == "missing") continue;
    CAPTURE(what);
    pair.mend();
    damage(pair.site.store() / "studio/site.json", other);
    const auto outcome = pair.site.run({"verify", pair.second, "--level", "checksum"});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 8);
    CHECK_THAT(outcome.err, Contains("site.json"));
  }
}

TEST_CASE("what a lost manifest described is not taken for a dead run's remains") {
  Pair pair;
  pair.site.json({"hold", pair.first, "--reason", "audit"});
  std::filesystem::remove(pair.file(pair.first, "manifest.json"));
  std::filesystem::create_directories(pair.file("20200101T000000Z-full-slow", ""));
  write_text(pair.file("20200101T000000Z-full-slow", "dump.pgc.zst"), "half a copy");
  write_text(pair.site.store() / "studio/backups/README", "mine");
  for (const std::string command : {"full", "prune", "full"}) {
    CAPTURE(command);
    const auto report = pair.site.json({command});
    INFO(report.dump(1));
    CHECK(report.at("exit_code") == 0);
    CHECK_THAT(report["warnings"].dump(), Contains(pair.first));
    CHECK(std::filesystem::exists(pair.file(pair.first, "dump.pgc.zst")));
    CHECK(std::filesystem::exists(pair.file("20200101T000000Z-full-slow", "dump.pgc.zst")));
  }
  CHECK(read_text(pair.site.store() / "studio/backups/README") == "mine");
  CHECK(pair.site.run({"verify", pair.first, "--level", "checksum"}).exit_code == 8);
}

TEST_CASE("a manifest that was edited with care is found") {
  Pair pair;
  const auto file = pair.file(pair.second, "manifest.json");
  auto text = read_text(file);
  const auto at = text.find("16001");
  REQUIRE(at != text.npos);
  text[at + 4] = '2';
  write_text(file, text);
  const auto outcome = pair.site.run({"verify", pair.second, "--level", "checksum"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
}
