#include <catch2/catch.hpp>

#include "command/prune.hpp"
#include "parsed.hpp"

using namespace bkp;
using test::parsed;

TEST_CASE("prune takes stores by name") {
  CHECK(parsed<command::PruneOptions>({}).stores.empty());
  CHECK(parsed<command::PruneOptions>({"--store", "local", "--store", "offsite"}).stores ==
        std::vector<std::string>{"local", "offsite"});
}

TEST_CASE("prune takes no word that might be meant for a store") {
  CHECK_THROWS_AS(parsed<command::PruneOptions>({"local"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<command::PruneOptions>({"--store", "local", "offsite"}), CLI::ParseError);
}
