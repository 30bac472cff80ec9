#include "notify/last_good.hpp"

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"

namespace bkp::notify {

using namespace std::chrono_literals;

TEST_CASE("when a run last succeeded is noted, wherever, and the latest few hundred are kept") {
  const test::TemporaryDirectory directory;
  const auto file = directory / "not/there/yet/last_good.json";
  const auto start = util::parse_time("2026-11-21T02:00:00Z");
  CHECK(read_last_good(file).empty());
  note_last_good(file, "full", start);
  CHECK(read_last_good(file).at("full") == start);
  for (int i = 0; i < 400; ++i)
    note_last_good(file, "verify " + std::to_string(i), start + 1s * (i + 1));
  const auto noted = read_last_good(file);
  CHECK(noted.size() == 300);
  CHECK_FALSE(noted.contains("full"));
  CHECK(noted.contains("verify 399"));
  test::write_text(file, "[1]");
  CHECK(read_last_good(file).empty());
}

}  // namespace bkp::notify
