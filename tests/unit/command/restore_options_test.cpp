#include <catch2/catch.hpp>

#include "command/restore.hpp"
#include "parsed.hpp"

using namespace bkp;
using command::RestoreOptions;
using test::parsed;

TEST_CASE("restore needs a backup and a database, and by default replaces nothing") {
  const auto options = parsed<RestoreOptions>({"latest", "--db", "x121"});
  CHECK(options.id == "latest");
  CHECK(options.database == "x121");
  CHECK_FALSE(options.swap);
  CHECK_FALSE(options.with_globals);
  CHECK_FALSE(options.no_owner);
  CHECK(options.into.empty());
  CHECK(options.yes.empty());
  CHECK_THROWS_AS(parsed<RestoreOptions>({"latest"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<RestoreOptions>({"--db", "x121"}), CLI::ParseError);
}

TEST_CASE("restore takes its options") {
  const auto options = parsed<RestoreOptions>(
      {"2026",       "--db",     "x121",        "--into",  "new one", "--schema",
       "a",          "--schema", "b",           "--table", "s.t",     "--jobs",
       "8",          "--store",  "file:///mnt", "--site",  "studio",  "--with-globals",
       "--no-owner", "--yes",    "x121"});
  CHECK(options.into == "new one");
  CHECK(options.schemas == std::vector<std::string>{"a", "b"});
  CHECK(options.tables == std::vector<std::string>{"s.t"});
  CHECK(options.jobs == 8);
  CHECK(options.store == "file:///mnt");
  CHECK(options.site == "studio");
  CHECK(options.with_globals);
  CHECK(options.no_owner);
  CHECK(options.yes == "x121");
}

TEST_CASE("restore takes one name after each --schema and --table") {
  CHECK_THROWS_AS(parsed<RestoreOptions>({"latest", "--db", "x", "--table", "a", "b"}),
                  CLI::ParseError);
}
