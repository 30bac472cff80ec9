#include <catch2/catch.hpp>

#include "command/list.hpp"
#include "parsed.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using command::ListOptions;
using test::parsed;

namespace {

const auto k_asked_at = util::parse_time("2026-11-20T12:00:00Z");

catalog::BackupFilter filter(std::vector<std::string> arguments) {
  return command::filter_of(parsed<ListOptions>(std::move(arguments)), k_asked_at);
}

}  // namespace

TEST_CASE("list without options shows all but the purged ones") {
  const auto all = filter({});
  CHECK_FALSE(all.backup_type);
  CHECK_FALSE(all.database);
  CHECK_FALSE(all.since);
  CHECK_FALSE(all.until);
  CHECK_FALSE(all.status);
  CHECK_FALSE(all.verified);
  CHECK_FALSE(all.include_purged);
}

TEST_CASE("list filters") {
  const auto narrow = filter({"--type", "full", "--db", "-strange\n", "--since", "7d", "--until",
                              "2026-11-20", "--status", "completed", "--verified", "no"});
  CHECK(narrow.backup_type == "full");
  CHECK(narrow.database == "-strange\n");
  CHECK(narrow.since == k_asked_at - 7 * 24h);
  CHECK(narrow.until == util::parse_time("2026-11-20T00:00:00Z"));
  CHECK(narrow.status == "completed");
  CHECK(narrow.verified == false);
  CHECK(filter({"--verified", "yes"}).verified == true);
  CHECK(filter({"--status", "purged"}).include_purged);
}

TEST_CASE("list refuses values that mean nothing") {
  CHECK_THROWS_AS(parsed<ListOptions>({"--type", "fulll"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<ListOptions>({"--status", "good"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<ListOptions>({"--verified", "maybe"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<ListOptions>({"--since", "yesterday"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<ListOptions>({"stray"}), CLI::ParseError);
}

TEST_CASE("an empty span of time is an error, not an empty list") {
  const auto error = test::error_of([&] { filter({"--since", "1d", "--until", "7d"}); });
  CHECK(error.kind() == util::ErrorKind::usage);
  CHECK(error.message() == "--since 1d is not before --until 7d");
  CHECK_FALSE(error.hint().empty());
}
