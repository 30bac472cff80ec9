#include "pg/timeline_history.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"

using namespace bkp;
using namespace bkp::pg;

TEST_CASE("a history names the timelines that were left, and where") {
  const auto history = parse_timeline_history(
      "1\t0/3000158\tno recovery target specified\n\n# a comment\n"
      "2\t16/B374D848\tbefore 2026-11-27 03:00:00+00\n",
      "00000003.history");
  CHECK(history ==
        std::vector<TimelineSwitch>{{1, {0x3000158}, "no recovery target specified"},
                                    {2, {0x16B374D848}, "before 2026-11-27 03:00:00+00"}});
}

TEST_CASE("what is no history is damaged") {
  const auto* text =
      GENERATE("", "\n", "hello\n", "1\n", "1\tx\n", "0\t0/1\tzero\n", "3\t0/1\tself\n",
               "2\t0/2\tb\n1\t0/3\ta\n", "1\t0/3\ta\n2\t0/2\tbackwards\n");
  CAPTURE(text);
  CHECK(test::error_of([&] { parse_timeline_history(text, "00000003.history"); }).kind() ==
        util::ErrorKind::damaged);
}
