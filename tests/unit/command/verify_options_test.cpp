#include <catch2/catch.hpp>

#include "command/verify.hpp"
#include "parsed.hpp"

using namespace bkp;
using command::VerifyOptions;
using test::parsed;

TEST_CASE("verify restores the newest backup of each database unless told otherwise") {
  const auto options = parsed<VerifyOptions>({});
  CHECK(options.id.empty());
  CHECK(options.level == "restore");
  CHECK_FALSE(options.all);
  CHECK(options.jobs == 0);
}

TEST_CASE("verify takes its options") {
  const auto options =
      parsed<VerifyOptions>({"latest~2", "--level", "drill", "--db", "x121", "--type", "full",
                             "--store", "local", "--jobs", "3", "--junit", "out.xml"});
  CHECK(options.id == "latest~2");
  CHECK(options.level == "drill");
  CHECK(options.database == "x121");
  CHECK(options.type == "full");
  CHECK(options.store == "local");
  CHECK(options.jobs == 3);
  CHECK(options.junit == "out.xml");
  CHECK(parsed<VerifyOptions>({"--all"}).all);
}

TEST_CASE("verify refuses what makes no sense") {
  CHECK_THROWS_AS(parsed<VerifyOptions>({"--level", "deep"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<VerifyOptions>({"--jobs", "0"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<VerifyOptions>({"--all", "latest"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<VerifyOptions>({"one", "two"}), CLI::ParseError);
}
