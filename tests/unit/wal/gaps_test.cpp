#include <catch2/catch.hpp>

#include "example_archive.hpp"
#include "wal/gaps.hpp"

using namespace bkp;
using namespace bkp::wal;
using namespace bkp::test;
using std::chrono::hours;

namespace {

constexpr util::Time keep_after = now - hours{24 * 14};
constexpr util::Time old = now - hours{24 * 20};

ArchiveMap archive_of(std::uint32_t timeline, std::uint64_t first, std::uint64_t last,
                      util::Time archived = now) {
  ArchiveMap archive;
  archive.segment_size = segment_size;
  for (auto number = first; number <= last; ++number) archive.segments[timeline][number] = archived;
  return archive;
}

void add(ArchiveMap& archive, const ArchiveMap& other) {
  for (const auto& [timeline, segments] : other.segments)
    archive.segments[timeline].insert(segments.begin(), segments.end());
}

pg::Lsn within(std::uint64_t number) {
  return {number * segment_size + 1000};
}

}  // namespace

TEST_CASE("a timeline without a hole has no gap") {
  CHECK(find_gaps(archive_of(1, 5, 600), {}, keep_after).empty());
  CHECK(find_gaps({}, {}, keep_after).empty());
}

TEST_CASE("holes are gaps, each as a whole") {
  auto archive = archive_of(1, 5, 20);
  archive.segments[1].erase(7);
  archive.segments[1].erase(10);
  archive.segments[1].erase(11);
  CHECK(find_gaps(archive, {}, keep_after) == std::vector<WalGap>{{1, 7, 7, ""}, {1, 10, 11, ""}});
}

TEST_CASE("a timeline begins in the segment in which it left its parent") {
  auto archive = archive_of(1, 5, 12);
  SECTION("complete") {
    add(archive, archive_of(2, 12, 15));
    archive.origins[2] = {1, within(12)};
    CHECK(find_gaps(archive, {}, keep_after).empty());
  }
  SECTION("without the parent's own last segment") {
    add(archive, archive_of(2, 13, 15));
    archive.origins[2] = {1, within(13)};
    CHECK(find_gaps(archive, {}, keep_after).empty());
  }
  SECTION("the parent does not reach it") {
    add(archive, archive_of(2, 15, 15));
    archive.origins[2] = {1, within(15)};
    CHECK(find_gaps(archive, {}, keep_after) == std::vector<WalGap>{{1, 13, 14, ""}});
  }
  SECTION("its beginning is missing") {
    add(archive, archive_of(2, 14, 15));
    archive.origins[2] = {1, within(12)};
    CHECK(find_gaps(archive, {}, keep_after) == std::vector<WalGap>{{2, 12, 13, ""}});
  }
  SECTION("the parent was removed by retention") {
    auto child = archive_of(2, 14, 15);
    child.origins[2] = {1, within(12)};
    CHECK(find_gaps(child, {}, keep_after).empty());
  }
}

TEST_CASE("what a backup needs is missing whatever else is there") {
  const auto archive = archive_of(1, 10, 20);
  CHECK(find_gaps(archive, {{"b", 1, 12, 13}}, keep_after).empty());
  CHECK(find_gaps(archive, {{"b", 1, 8, 10}}, keep_after) == std::vector<WalGap>{{1, 8, 9, "b"}});
  CHECK(find_gaps(archive, {{"b", 1, 20, 22}}, keep_after) ==
        std::vector<WalGap>{{1, 21, 22, "b"}});
}

TEST_CASE("a backup may begin on the parent of its timeline") {
  auto archive = archive_of(1, 10, 12);
  add(archive, archive_of(2, 12, 14));
  archive.origins[2] = {1, within(12)};
  CHECK(find_gaps(archive, {{"b", 2, 11, 13}}, keep_after).empty());
}

TEST_CASE("what retention has removed is no gap") {
  auto archive = archive_of(1, 3, 5, old);
  add(archive, archive_of(1, 40, 60));
  const std::vector<BackupWal> backups{{"old", 1, 3, 5}, {"new", 1, 40, 42}};
  CHECK(find_gaps(archive, backups, keep_after).empty());

  SECTION("but for what is younger than its window") {
    archive.segments[1][5] = now;
    CHECK(find_gaps(archive, backups, keep_after) == std::vector<WalGap>{{1, 6, 39, ""}});
  }
  SECTION("but for a hole that ends where no backup begins") {
    archive.segments[1].erase(40);
    CHECK(find_gaps(archive, backups, keep_after) ==
          std::vector<WalGap>{{1, 6, 40, ""}, {1, 40, 40, "new"}});
  }
  SECTION("but for what the older backup needs") {
    archive.segments[1].erase(5);
    CHECK(find_gaps(archive, backups, keep_after) ==
          std::vector<WalGap>{{1, 5, 39, ""}, {1, 5, 5, "old"}});
  }
}

TEST_CASE("a gap is bridged by the first backup after it, on its timeline or a later one") {
  const WalGap gap{1, 7, 8, ""};
  const std::vector<BackupWal> backups{
      {"newest", 2, 30, 31}, {"within", 1, 8, 9}, {"first after", 1, 12, 13}, {"before", 1, 5, 6}};
  REQUIRE(bridge_of(gap, backups) != nullptr);
  CHECK(bridge_of(gap, backups)->label == "first after");
  CHECK(bridge_of({2, 40, 40, ""}, backups) == nullptr);
  CHECK(bridge_of({2, 20, 20, ""}, backups)->label == "newest");
  CHECK(bridge_of({1, 5, 5, "before"}, backups) == nullptr);
}
