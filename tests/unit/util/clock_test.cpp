#include "util/clock.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp::util;
using namespace std::chrono;
using namespace std::chrono_literals;

namespace {

const Time noon = sys_days{2026y / November / 21} + 12h + 34min + 56s;

}  // namespace

TEST_CASE("times are written in UTC, in whole seconds") {
  CHECK(format_rfc3339(noon + 999ms) == "2026-11-21T12:34:56Z");
  CHECK(format_compact(noon) == "20261121T123456Z");
  CHECK(format_rfc3339(Time{} - 1ms) == "1969-12-31T23:59:59Z");
}

TEST_CASE("times are read in every form they are written in") {
  for (const std::string_view text :
       {"2026-11-21T12:34:56Z", "20261121T123456Z", "2026-11-21 12:34:56", "2026-11-21t12:34:56z",
        "2026-11-21T14:34:56+02:00", "2026-11-21T07:04:56-0530", "2026-11-21T10:34:56-02"}) {
    CAPTURE(text);
    CHECK(parse_time(text) == noon);
  }
  CHECK(parse_time("2026-11-21T12:34:56.25Z") == noon + 250ms);
  CHECK(parse_time("2026-11-21T12:34Z") == noon - 56s);
  CHECK(parse_time("2026-11-21") == Time{sys_days{2026y / November / 21}});
  CHECK(parse_time("2024-02-29") == Time{sys_days{2024y / February / 29}});
}

TEST_CASE("what is no time is refused by name") {
  for (const std::string_view text :
       {"", "yesterday", "2026-13-01", "2026-02-29", "2026-11-21T", "2026-11-21T24:00:00Z",
        "2026-11-21T12:60:00Z", "2026-11-21T12:34:56Zz", "2026-11-21T12:34:56.",
        "2026-11-21T12:34:56+2", "2026-11-21T12:34:56+24:00", "26-11-21", "2026-1121",
        "2026-11-21T12:34:56 Z"}) {
    CAPTURE(text);
    try {
      parse_time(text);
      FAIL_CHECK("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(text) != std::string::npos);
      CHECK_FALSE(error.hint().empty());
    }
  }
}

TEST_CASE("what was written is read back") {
  CHECK(parse_time(format_rfc3339(noon)) == noon);
  CHECK(parse_time(format_compact(noon)) == noon);
}

TEST_CASE("the system's clocks run forward") {
  const SystemClock clock;
  const auto before = clock.steady();
  clock.sleep_for(1us);
  CHECK(clock.steady() > before);
  CHECK(clock.now() > Time{sys_days{2024y / January / 1}});
}
