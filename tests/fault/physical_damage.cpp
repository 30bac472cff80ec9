// Damage to each kind of object that a recovery is made of: it is found and named, and no recovery
// that needs the object ends in a server that is too short.
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "support/incremental_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

struct Object {
  std::string what;
  std::filesystem::path file;
  std::filesystem::path other;     ///< of the same kind, for a swap
  std::string named;               ///< in what the check says
  std::vector<std::string> check;  ///< what finds it
};

struct Damage {
  std::string what;
  std::function<void(const Object& object)> doing;
};

std::filesystem::path part_of(const IncrementalSite& site, const std::string& label,
                              const std::string& name) {
  return site.store() / "studio/backups" / label / name;
}

std::string part_name(const std::filesystem::path& file) {
  const auto name = file.filename().string();
  return name.substr(0, name.find('.'));
}

const std::vector<Damage> damages{
    {"a bit", [](const Object& object) { flip_a_bit(object.file); }},
    {"its end is missing",
     [](const Object& object) {
       std::filesystem::resize_file(object.file, std::filesystem::file_size(object.file) / 2);
     }},
    {"it is empty", [](const Object& object) { std::filesystem::resize_file(object.file, 0); }},
    {"it is gone", [](const Object& object) { std::filesystem::remove(object.file); }},
    {"another stands in its place",
     [](const Object& object) { write_text(object.file, read_text(object.other)); }}};

}  // namespace

TEST_CASE("damage to anything a recovery needs is named, and ends no recovery early") {
  IncrementalSite site;
  site.mark(2);
  const auto segment = site.switch_segment();
  site.mark(3);
  const auto next_segment = site.switch_segment();
  site.mark(4);
  site.archive_all();
  // A timeline 2, and then a 3, whose histories can take each other's place.
  for (int i = 0; i < 2; ++i) {
    const auto report = site.recover({"--latest", "--promote"});
    INFO(report.dump(1));
    REQUIRE(report["exit_code"] == 0);
    site.replace_server();
    site.mark(10 + i);
    site.archive_all();
  }
  const auto first_full = site.label;
  const auto full = site.take_full();
  const auto incremental = site.take_incremental();
  site.mark(20);
  site.archive_all();
  site.age_archive();
  REQUIRE(site.run({"wal-check"}).exit_code == 0);
  const std::string all = "1,2,3,4,10,11,20";
  REQUIRE(site.rows_of(site.recover({"--latest", "--backup", first_full})) == all);

  const auto history = [&](int timeline) {
    return site.store() / ("studio/wal/0000000" + std::to_string(timeline)) /
           ("0000000" + std::to_string(timeline) + ".history.zst");
  };
  const auto verify = [](const std::string& label) {
    return std::vector<std::string>{"verify", label, "--level", "checksum"};
  };
  const auto base = part_of(site, full, "base-0001.tar.zst");
  const auto pages = part_of(site, incremental, "pages-0001.tar.zst");
  struct Needed {
    Object object;
    std::string backup;  ///< a recovery from it needs the object
  };
  const std::vector<Needed> needed{
      {{"segment", site.archived(segment), site.archived(next_segment), segment, {"wal-check"}},
       first_full},
      {{"history", history(2), history(3), "00000002.history", {"wal-check"}}, first_full},
      {{"base part", base, part_of(site, full, "base-0002.tar.zst"), part_name(base), verify(full)},
       full},
      {{"part of an incremental backup", pages, part_of(site, incremental, "pages-0002.tar.zst"),
        part_name(pages), verify(incremental)},
       incremental},
      {{"part below an incremental backup",
        base,
        part_of(site, full, "base-0002.tar.zst"),
        full,
        {"verify", incremental}},
       incremental},
      {{"base manifest", part_of(site, full, "manifest.json"),
        part_of(site, first_full, "manifest.json"), full, verify(full)},
       full},
      {{"manifest of an incremental backup", part_of(site, incremental, "manifest.json"),
        part_of(site, full, "manifest.json"), incremental, verify(incremental)},
       incremental}};
  for (const auto& [object, backup] : needed) {
    const auto sound = read_text(object.file);
    for (const auto& damage : damages) {
      CAPTURE(object.what, damage.what);
      damage.doing(object);
      site.cluster().give(site.store());
      site.age_archive();
      const auto checked = site.run(object.check);
      CAPTURE(checked);
      CHECK(checked.exit_code == 8);
      CHECK_THAT(checked.out + checked.err, Contains(object.named));
      const auto report = site.recover({"--latest", "--backup", backup});
      CAPTURE(report.dump(1));
      CHECK(report["exit_code"] == 8);
      if (report["exit_code"] == 0) site.stop_recovered();
      std::filesystem::remove_all(site.target());
      write_text(object.file, sound);
      site.cluster().give(object.file);
    }
  }
  CHECK(site.rows_of(site.recover({"--latest", "--backup", incremental})) == all);
}
