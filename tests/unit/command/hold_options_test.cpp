#include <catch2/catch.hpp>

#include "command/hold.hpp"
#include "command/release.hpp"
#include "command/show.hpp"
#include "parsed.hpp"

using namespace bkp;
using test::parsed;

TEST_CASE("hold takes a backup and a reason") {
  const auto options = parsed<command::HoldOptions>(
      {"latest~2", "--db", "x121", "--type", "full", "--reason", "audit 2026", "--until", "30d"});
  CHECK(options.backup.id == "latest~2");
  CHECK(options.backup.database == "x121");
  CHECK(options.backup.type == "full");
  CHECK(options.reason == "audit 2026");
  CHECK(options.until == "30d");
}

TEST_CASE("hold without a reason or with a bad end is refused") {
  using Options = command::HoldOptions;
  CHECK_THROWS_AS(parsed<Options>({"latest"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<Options>({"--reason", "audit"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<Options>({"latest", "--reason", "audit", "--until", "soon"}),
                  CLI::ParseError);
}

TEST_CASE("release and show take a backup") {
  CHECK(parsed<command::ReleaseOptions>({"17"}).backup.id == "17");
  CHECK(parsed<command::ShowOptions>({"20261121T", "--db", "x"}).backup.database == "x");
  CHECK_THROWS_AS(parsed<command::ReleaseOptions>({}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<command::ShowOptions>({}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<command::ShowOptions>({"latest", "--type", "half"}), CLI::ParseError);
}
