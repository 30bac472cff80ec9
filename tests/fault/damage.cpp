// Whatever is changed in a store, verify says so and a restore refuses it.
#include <fstream>

#include "fault/fault_site.hpp"
#include "support/damage.hpp"

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
    std::filesystem::copy(site.store(), pristine, std::filesystem::copy_options::recursive);
  }

  /// Makes the store what it was.
  void mend() {
    std::filesystem::remove_all(site.store());
    std::filesystem::copy(pristine, site.store(), std::filesystem::copy_options::recursive);
  }

  std::filesystem::path file(const std::string& label, const std::string& name) const {
    return site.store() / "studio/backups" / label / name;
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
