#include "command/time_option.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using command::Direction;
using command::parse_moment;

TEST_CASE("a moment is a time, or a duration from now") {
  const auto now = util::parse_time("2026-11-20T12:00:00Z");
  CHECK(parse_moment("7d", now, Direction::ago) == now - 7 * 24h);
  CHECK(parse_moment("7d", now, Direction::ahead) == now + 7 * 24h);
  CHECK(parse_moment("2026-11-21", now, Direction::ago) ==
        util::parse_time("2026-11-21T00:00:00Z"));
  CHECK(parse_moment("2026-11-21T02:00:00+02:00", now, Direction::ahead) ==
        util::parse_time("2026-11-21T00:00:00Z"));
}

TEST_CASE("what is neither is named in the error") {
  for (const auto* text : {"", "soon", "7", "2026-13-01", "999999w", "-1d"}) {
    INFO(text);
    CHECK_FALSE(command::check_moment(text).empty());
    CHECK_THROWS_AS(parse_moment(text, util::Time{}, Direction::ago), util::Error);
  }
  CHECK(command::check_moment("36h").empty());
}
