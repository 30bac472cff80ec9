#include "wal/path.hpp"

#include <catch2/catch.hpp>

#include "example_archive.hpp"

using namespace bkp;
using namespace bkp::wal;
using namespace bkp::test;

namespace {

/// Timeline 1 with 5 to 20; 2 left it in 12, and has 12 to 15; 3 left 2 in 14, and has 14 and 15.
ArchiveMap branches() {
  ArchiveMap archive;
  archive.segment_size = segment_size;
  for (std::uint64_t number = 5; number <= 20; ++number) archive.segments[1][number] = {};
  for (std::uint64_t number = 12; number <= 15; ++number) archive.segments[2][number] = {};
  for (std::uint64_t number = 14; number <= 15; ++number) archive.segments[3][number] = {};
  archive.origins[2] = {1, {12 * segment_size + 500}};
  archive.origins[3] = {2, {14 * segment_size + 500}};
  return archive;
}

}  // namespace

TEST_CASE("a path takes each segment from the newest timeline that has it") {
  const auto archive = branches();
  const WalPath path{archive, 3};
  CHECK(path.segment(11) == "00000001000000000000000B");
  CHECK(path.segment(12) == "00000002000000000000000C");
  CHECK(path.segment(14) == "00000003000000000000000E");
  CHECK(path.last_from(5) == 15U);
  CHECK(path.highest() == 15);
  CHECK_FALSE(path.segment(4));
  CHECK(WalPath{archive, 1}.last_from(5) == 20U);
}

TEST_CASE("the parent's own last segment does for the child's first") {
  auto archive = branches();
  archive.segments[2].erase(12);
  const WalPath path{archive, 2};
  CHECK(path.segment(12) == "00000001000000000000000C");
  CHECK(path.last_from(5) == 15U);
  // But what the parent did after that is of no use.
  archive.segments[2].erase(13);
  CHECK_FALSE(WalPath{archive, 2}.segment(13));
  CHECK(WalPath{archive, 2}.wanted(13) == "00000002000000000000000D");
}

TEST_CASE("a backup lies on a path when its timeline was not left before it ended") {
  const auto archive = branches();
  const WalPath path{archive, 3};
  CHECK(path.passes(1, {11 * segment_size}));
  CHECK_FALSE(path.passes(1, {13 * segment_size}));
  CHECK(path.passes(2, {13 * segment_size}));
  CHECK(path.passes(3, {99 * segment_size}));
  CHECK_FALSE(WalPath(archive, 1).passes(2, {13 * segment_size}));
}

TEST_CASE("the latest timeline is the newest that came from one") {
  const auto archive = branches();
  CHECK(latest_timeline(archive, 1) == 3);
  CHECK(latest_timeline(archive, 3) == 3);
  CHECK(latest_timeline({}, 4) == 4);
}
