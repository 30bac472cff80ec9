#include "util/rng.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <set>

using namespace bkp::util;

TEST_CASE("random bytes fill the whole range, however long") {
  // 1 KiB at a time: that one of a hundred last bytes is not zero proves the end was reached.
  std::set<std::byte> last;
  for (int round = 0; round < 100; ++round) {
    std::array<std::byte, 1024> bytes{};
    random_bytes(bytes);
    last.insert(bytes.back());
  }
  CHECK(last.size() > 10);
}

TEST_CASE("random hex has two digits a byte and does not repeat") {
  std::set<std::string> seen;
  for (int round = 0; round < 100; ++round) {
    const std::string text = random_hex(8);
    CHECK(text.size() == 16);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    seen.insert(text);
  }
  CHECK(seen.size() == 100);
  CHECK(random_hex(0).empty());
}

TEST_CASE("random UUIDs are of version 4 and the RFC's variant") {
  const std::string uuid = random_uuid();
  REQUIRE(uuid.size() == 36);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) CHECK(uuid[dash] == '-');
  CHECK(std::count(uuid.begin(), uuid.end(), '-') == 4);
  CHECK(uuid[14] == '4');
  CHECK(std::string{"89ab"}.find(uuid[19]) != std::string::npos);
  CHECK(uuid != random_uuid());
}
