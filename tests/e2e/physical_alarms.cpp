// Who is on call hears of a page that the disk damaged, and of a gap in the archive of the WAL.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/archiving_site.hpp"
#include "support/damage.hpp"
#include "support/listeners.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

struct WatchedSite : ArchivingSite {
  HttpListener slack;

  WatchedSite() : ArchivingSite{{}, {.initdb_arguments = {"--data-checksums"}}} {
    const auto url = directory() / "slack";
    write_text(url, slack.url("/hook") + "\n");
    std::filesystem::permissions(url, std::filesystem::perms{0600});
    cluster().give(url);
    write_config(base_config() +
                 "notify: {channels: [{name: ops, slack: {url_file: " + url.string() + "}}]}\n");
    must({"init"});
    start_archiving();
  }
};

}  // namespace

TEST_CASE("a damaged page is told with its file and block") {
  WatchedSite site;
  site.cluster().psql("postgres", "create table pages as select generate_series(1, 5000) i");
  site.cluster().psql("postgres", "checkpoint");
  const auto file = site.cluster().psql("postgres", "select pg_relation_filepath('pages')");
  site.must({"full", "--method", "base"});
  CHECK(site.slack.received().empty());
  site.cluster().change_file(file, damage_page_3);
  CHECK(site.run({"full", "--method", "base"}).exit_code == 8);
  const auto told = site.slack.received();
  REQUIRE(told.size() == 1);
  CAPTURE(told[0]);
  CHECK_THAT(told[0], Contains("bkp full") && Contains("block 3 of") && Contains(file));
}

TEST_CASE("a gap in the archive is told with the segment that is missing") {
  WatchedSite site;
  site.write_segments(1);
  const auto missing = site.write_segments(1);
  site.wait_for_archived(site.write_segments(1));
  site.must({"wal-check"});
  CHECK(site.slack.received().empty());
  std::filesystem::remove(site.archived(missing));
  CHECK(site.run({"wal-check"}).exit_code == 8);
  const auto told = site.slack.received();
  REQUIRE(told.size() == 1);
  CAPTURE(told[0]);
  CHECK_THAT(told[0], Contains("bkp wal-check failed") && Contains(missing));
}
