#include "pg/page_checksum.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include "support/recording_sink.hpp"

using namespace bkp;

namespace {

std::vector<std::byte> page_of(const std::string& text) {
  const auto bytes = test::bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

std::uint16_t checksum(const std::vector<std::byte>& page, std::uint32_t block) {
  return pg::page_checksum(std::span{page}.first<pg::page_size>(), block);
}

}  // namespace

// That it is PostgreSQL's own is shown by e2e-pitr, on a cluster with checksums.
TEST_CASE("the checksum of a page is of all of it but itself, and of its place") {
  auto page = page_of(test::noise(pg::page_size));
  const auto before = checksum(page, 7);
  CHECK(before != 0);
  CHECK(checksum(page, 8) != before);
  for (const std::size_t at : {0U, 7U, 10U, 4000U, 8191U}) {
    auto changed = page;
    changed[at] ^= std::byte{1};
    CAPTURE(at);
    CHECK(checksum(changed, 7) != before);
  }
  page[8] ^= std::byte{0xff};
  page[9] ^= std::byte{0xff};
  CHECK(checksum(page, 7) == before);
}

TEST_CASE("a page that was never used is told by its header") {
  std::vector<std::byte> page(pg::page_size);
  const auto view = std::span{page}.first<pg::page_size>();
  CHECK(pg::is_new_page(view));
  CHECK(pg::is_all_zeroes(view));
  page[8000] = std::byte{1};
  CHECK(pg::is_new_page(view));
  CHECK_FALSE(pg::is_all_zeroes(view));
  page[14] = std::byte{1};
  CHECK_FALSE(pg::is_new_page(view));
}
