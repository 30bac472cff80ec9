// Base backups through the replication protocol, as from another host.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/incremental_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// bkp is told of a data directory that is not the server's, as it would find none on another host.
void move_away(const IncrementalSite& site, const std::string& yaml = {}) {
  auto text = site.base_config();
  text.insert(text.find("  bin_directory:"), "  data_directory: /var/empty\n");
  site.write_config(text + yaml);
}

}  // namespace

TEST_CASE("what the protocol brings is what is read on the host") {
  IncrementalSite site;
  const auto place = site.cluster().make_directory("space");
  site.ask("create tablespace space location " + sql_literal(place.string()));
  site.ask("create table in_space tablespace space as select 42 as answer");
  site.ask("create unlogged table unlogged as select 1");
  site.ask("create table empty (i int)");
  site.ask("create table big as select i, md5(i::text) from generate_series(1, 100000) i");
  site.ask("checkpoint");
  const auto local = site.take_full();
  move_away(site);
  const auto remote = site.take_full();
  const auto map = [&](const std::string& label) {
    return place.string() + "=" + (site.directory() / ("space-of-" + label)).string();
  };
  const auto unpack = [&](const std::string& label) {
    return IncrementalSite::relation_files(site.unpack(label, {"--tablespace-map", map(label)}));
  };
  const auto of_catalog =
      "base/" + site.ask("select oid from pg_database where datname = 'bkp'") + "/";
  auto whole = unpack(local);
  auto streamed = unpack(remote);
  std::erase_if(whole, [&](const auto& file) { return file.first.starts_with(of_catalog); });
  std::erase_if(streamed, [&](const auto& file) { return file.first.starts_with(of_catalog); });
  std::vector<std::string> different;
  for (const auto& [path, text] : whole) {
    if (!streamed.contains(path) || streamed[path] != text) different.push_back(path);
  }
  CHECK(different == std::vector<std::string>{});
  CHECK(streamed.size() == whole.size());

  site.mark(2);
  site.archive_all();
  CHECK(site.run({"verify", remote}).exit_code == 0);
  const auto incremental = site.run({"incr"});
  CAPTURE(incremental);
  CHECK(incremental.exit_code == 11);
  CHECK_THAT(incremental.err, Contains("--method base"));
}

TEST_CASE("a role without REPLICATION is told what it lacks") {
  IncrementalSite site;
  move_away(site);
  site.ask(
      "create role limited login superuser; alter role limited noreplication nosuperuser; "
      "grant pg_monitor to limited");
  auto text = read_text(site.config_file());
  text.replace(text.find("user=postgres"), 13, "user=limited");
  site.write_config(text + "");
  const auto outcome = site.run({"full", "--method", "base"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 5);
  CHECK_THAT(outcome.err, Contains("REPLICATION") || Contains("replication"));
}

TEST_CASE("a damaged page is found in the stream too") {
  IncrementalSite site{{}, {.initdb_arguments = {"--data-checksums"}}};
  site.ask("create table pages as select generate_series(1, 5000) i");
  site.ask("checkpoint");
  const auto file = site.ask("select pg_relation_filepath('pages')");
  move_away(site);
  site.take_full();
  site.cluster().change_file(file, damage_page_3);
  const auto outcome = site.run({"full", "--method", "base"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 8);
  CHECK_THAT(outcome.err, Contains("block 3 of \"" + file + "\""));
  CHECK(site.json({"list"})["result"]["backups"][0]["status"] == "completed");
}
