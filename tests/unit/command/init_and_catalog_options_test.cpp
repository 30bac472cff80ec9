#include <catch2/catch.hpp>

#include "command/catalog.hpp"
#include "command/catalog_text.hpp"
#include "command/init.hpp"
#include "parsed.hpp"

using namespace bkp;
using command::CatalogOptions;
using test::parsed;

TEST_CASE("init takes stores over only when told, and is told yes only about that") {
  CHECK_FALSE(parsed<command::InitOptions>({}).take_over);
  const auto options = parsed<command::InitOptions>({"--take-over", "--yes", "studio"});
  CHECK(options.take_over);
  CHECK(options.yes == "studio");
  CHECK_THROWS_AS(parsed<command::InitOptions>({"--yes", "studio"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<command::InitOptions>({"studio"}), CLI::ParseError);
}

TEST_CASE("catalog takes one of its actions") {
  CHECK(parsed<CatalogOptions>({"migrate"}).action == "migrate");
  CHECK(parsed<CatalogOptions>({"export"}).action == "export");
  const auto rebuild = parsed<CatalogOptions>({"rebuild", "--store", "local"});
  CHECK(rebuild.action == "rebuild");
  CHECK(rebuild.store == "local");
  CHECK_THROWS_AS(parsed<CatalogOptions>({}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<CatalogOptions>({"drop"}), CLI::ParseError);
}

TEST_CASE("a migration is told in the words that fit it") {
  catalog::MigrationOutcome outcome;
  outcome.from_version = outcome.to_version = 4;
  CHECK(command::to_text(outcome, "bkp", false) ==
        "catalog: schema \"bkp\" is up to date (version 4)\n");
  outcome.from_version = 3;
  outcome.applied = {"004_backup_logs.sql"};
  CHECK(command::to_text(outcome, "bkp", false) ==
        "catalog: brought schema \"bkp\" from version 3 to 4\n");
  CHECK(command::to_text(outcome, "bkp", true) ==
        "catalog: would bring schema \"bkp\" from version 3 to 4\n");
  outcome.from_version = 0;
  outcome.database_created = true;
  outcome.notices = {"a role is missing"};
  CHECK(command::to_text(outcome, "a\nb", false) ==
        "catalog: created the database\ncatalog: created schema \"a\\x0ab\" (version 4)\n"
        "catalog: a role is missing\n");
  const auto json = command::to_json(outcome, "bkp");
  CHECK(json["database_created"] == true);
  CHECK(json["applied"][0] == "004_backup_logs.sql");
}
