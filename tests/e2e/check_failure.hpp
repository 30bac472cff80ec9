#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/site.hpp"

namespace bkp::test {

/// The message and the hint of a failed run, on stderr for people and in the envelope for programs.
inline void check_failure(const Site& site, std::vector<std::string> arguments, int exit_code,
                          const std::string& kind, const std::string& message) {
  const Outcome outcome = site.run(arguments);
  CAPTURE(outcome);
  CHECK(outcome.exit_code == exit_code);
  CHECK_THAT(outcome.err,
             Catch::Contains("error: ") && Catch::Contains(message) && Catch::Contains("hint: "));
  const auto json = site.json(arguments);
  INFO(json.dump(1));
  CHECK(json.at("exit_code") == exit_code);
  CHECK(json.at("status") == "failed");
  CHECK(json.at("error").at("kind") == kind);
  CHECK_FALSE(json.at("error").at("hint").get<std::string>().empty());
}

}  // namespace bkp::test
