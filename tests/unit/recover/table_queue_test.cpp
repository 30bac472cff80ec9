#include "recover/table_queue.hpp"

#include <catch2/catch.hpp>
#include <ctime>

using namespace bkp;

namespace {

/// Entries with dump ids 10, 11, …
std::vector<pg::ArchiveEntry> entries(std::size_t count) {
  std::vector<pg::ArchiveEntry> made(count);
  for (std::size_t i = 0; i < count; ++i) made[i].dump_id = static_cast<int>(i) + 10;
  return made;
}

/// A queue, and the archive's blocks as they come.
struct Growing {
  Growing(std::size_t count, std::set<int> wanted_ids)
      : contents{entries(count)}, wanted{std::move(wanted_ids)} {}

  void begin(std::size_t entry, std::uint64_t bytes) {
    blocks.push_back({entry, 100 * blocks.size(), bytes});
  }
  void tell() { queue.add(std::span{blocks}.subspan(queue.next_block())); }
  /// Dump ids of all that can be taken now.
  std::vector<int> take_all() {
    std::vector<int> taken;
    while (const auto block = queue.take()) taken.push_back(block->entry->dump_id);
    return taken;
  }

  std::vector<pg::ArchiveEntry> contents;
  std::set<int> wanted;
  std::vector<pg::ArchiveBlock> blocks;
  recover::TableQueue queue{contents, wanted};
};

}  // namespace

TEST_CASE("of the tables that have begun the largest comes first, each once") {
  Growing archive{5, {10, 11, 12, 14}};
  archive.tell();
  CHECK(archive.take_all().empty());
  archive.begin(0, 5);
  archive.begin(1, 7);
  archive.begin(2, 5);
  archive.tell();
  CHECK(archive.take_all() == std::vector{11, 10, 12});
  archive.begin(3, 1000);
  archive.begin(4, 1);
  archive.tell();
  CHECK_FALSE(archive.queue.empty());
  // 13 is not wanted.
  CHECK(archive.take_all() == std::vector{14});
  CHECK(archive.queue.empty());
}

TEST_CASE("a table that grows overtakes the others, and does not come again when it was taken") {
  Growing archive{3, {10, 11, 12}};
  archive.begin(0, 5);
  archive.begin(1, 1);
  archive.tell();
  archive.blocks.back().data_bytes = 6;
  archive.tell();
  CHECK(archive.queue.take()->position == 100);
  archive.blocks.back().data_bytes = 60;
  archive.tell();
  archive.begin(2, 9);
  archive.tell();
  CHECK(archive.take_all() == std::vector{12, 10});
  CHECK(archive.queue.empty());
}

TEST_CASE("a hundred thousand tables are no trouble, begun one by one or at once") {
  constexpr std::size_t count = 100'000;
  std::set<int> wanted;
  for (std::size_t i = 0; i < count; ++i) wanted.insert(static_cast<int>(i) + 10);
  Growing archive{count, wanted};
  const auto begin = std::clock();
  for (std::size_t i = 0; i < count; ++i) {
    archive.begin(i, i * 7919 % 1000);
    archive.tell();
  }
  CHECK(archive.take_all().size() == count);
  // A tenth of a second; a look at all blocks for each takes minutes.
  CHECK((std::clock() - begin) / CLOCKS_PER_SEC < 10);
}
