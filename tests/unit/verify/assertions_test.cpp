#include "verify/assertions.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp;
using verify::compare_value;

TEST_CASE("what is expected may be a value or a comparison") {
  struct Case {
    const char* found;
    const char* expected;
    bool holds;
  };
  const Case cases[] = {
      {"t", "true", true},
      {"f", "true", false},
      {"f", "false", true},
      {"t", "t", true},
      {"42", "42", true},
      {"42", "42.0", true},
      {"42", "43", false},
      {"10", ">= 10", true},
      {"9", ">= 10", false},
      {"9", ">=10", false},
      {"100", "> 20", true},
      {"3", "< 20", true},
      {"20", "<= 20", true},
      {"21", "<= 20", false},
      {"20", "!= 20", false},
      {"20", "<> 21", true},
      {"20", "= 20", true},
      {"abc", "abc", true},
      {"abc", "abd", false},
      {"b", "> a", true},
      {"many", ">= 10", false},
      {"many", "!= 10", true},
      {"-5", "< -4", true},
      {"1e3", "1000", true},
      {"approved", "!= draft", true},
      {"", "x", false},
      {"2026-11-21", ">= 2026-11-01", true},
  };
  for (const auto& [found, expected, holds] : cases) {
    INFO(found << " against " << expected);
    CHECK(compare_value(found, expected).empty() == holds);
  }
}

TEST_CASE("a failure names both values, harmlessly") {
  CHECK(compare_value("9\x1b[31m", ">= 10") ==
        "the query gave \"9\\x1b[31m\", expected was \">= 10\"");
}

TEST_CASE("a comparison with nothing is a fault of the configuration") {
  CHECK_THROWS_AS(compare_value("1", ">= "), util::Error);
}

TEST_CASE("assertions belong to one database") {
  const std::vector<config::Assertion> all{{"a", "one", "select 1", "1", 0},
                                           {"b", "two", "select 1", "1", 0},
                                           {"c", "one", "select 1", "1", 0}};
  const auto probes = verify::assertion_probes(all, "one");
  REQUIRE(probes.size() == 2);
  CHECK(probes[0].name == "a");
  CHECK(probes[1].name == "c");
}
