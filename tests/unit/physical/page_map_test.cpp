#include "physical/page_map.hpp"

#include <catch2/catch.hpp>

#include "support/bytes.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;
using namespace bkp::physical;

namespace {

const MappedBackup mapped{
    "20261127T000000Z-base", "abc", "42", 3, {0x100}, {{"base/5/1259", 7}, {"base/5/1259", 2}}};

void write_map(const test::TemporaryDirectory& directory) {
  PageMapWriter writer{directory.path(), mapped.label};
  writer.add("base/5/1259", std::vector<PageMark>{{1, 2}, {3, 4}});
  writer.add("base/5/1259_vm", {});
  writer.add("base/5/2619", std::vector<PageMark>{{5, 6}});
  writer.finish(mapped);
}

}  // namespace

TEST_CASE("a map tells what was written to it") {
  const test::TemporaryDirectory directory;
  write_map(directory);
  std::string why;
  const auto map = PageMap::open(directory.path(), mapped.label, why);
  REQUIRE(map);
  CHECK(map->backup().manifest_sha256 == "abc");
  CHECK(map->backup().system_identifier == "42");
  CHECK(map->backup().timeline == 3);
  CHECK(map->backup().start == pg::Lsn{0x100});
  const auto pages = map->pages("base/5/1259");
  REQUIRE(pages);
  REQUIRE(pages->size() == 2);
  CHECK((*pages)[1] == PageMark{3, 4});
  CHECK(map->pages("base/5/1259_vm")->empty());
  CHECK_FALSE(map->pages("base/5/1"));
  CHECK(map->bad_blocks("base/5/1259") == std::vector<std::uint64_t>{2, 7});
  CHECK(map->bad_blocks("base/5/2619").empty());
}

TEST_CASE("a map that is damaged, cut off, of another backup or not there is none") {
  const test::TemporaryDirectory directory;
  write_map(directory);
  const auto file = directory / (mapped.label + ".pages");
  const auto sound = test::read_text(file);
  std::string why;
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, sound.size() / 2, sound.size() - 1}) {
    test::write_text(file, sound.substr(0, size));
    CHECK_FALSE(PageMap::open(directory.path(), mapped.label, why));
    CHECK(why.find("damaged") != std::string::npos);
  }
  // Anywhere in its table and behind.
  for (std::size_t at = 3 * sizeof(PageMark); at < sound.size(); ++at) {
    auto bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    test::write_text(file, bytes);
    CHECK_FALSE(PageMap::open(directory.path(), mapped.label, why));
  }
  test::write_text(directory / "20261127T000001Z-base.pages", sound);
  CHECK_FALSE(PageMap::open(directory.path(), "20261127T000001Z-base", why));
  CHECK_FALSE(PageMap::open(directory.path(), "20261127T000002Z-base", why));
  CHECK(why.find("not kept") != std::string::npos);
}

TEST_CASE("of a map that is not finished nothing stays, and old ones are cleared away") {
  const test::TemporaryDirectory directory;
  { PageMapWriter writer{directory.path(), "unfinished"}; }
  CHECK(std::filesystem::is_empty(directory.path()));
  write_map(directory);
  test::write_text(directory / "old.pages", "");
  test::write_text(directory / "killed.pages.part", "");
  test::write_text(directory / "other", "");
  clear_page_maps(directory.path(), {mapped.label});
  CHECK(std::filesystem::exists(directory / (mapped.label + ".pages")));
  CHECK(std::filesystem::exists(directory / "other"));
  CHECK_FALSE(std::filesystem::exists(directory / "old.pages"));
  CHECK_FALSE(std::filesystem::exists(directory / "killed.pages.part"));
}
