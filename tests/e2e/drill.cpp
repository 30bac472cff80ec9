// Drills: the runbook's commands, taken out of its page and followed by bkp itself.
#include <catch2/catch.hpp>

#include "e2e/sealed_site.hpp"
#include "support/exporting_site.hpp"
#include "support/pitr_site.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json drilled(const Site& site, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"verify", "--level", "drill"});
  return site.json(std::move(more))["result"]["verifications"].at(0);
}

std::string steps_passed(const json& verification) {
  const auto& steps = verification["coverage"]["checks"]["step"];
  return steps.dump();
}

}  // namespace

TEST_CASE("a drill of a dump follows the page by stock tools, into a scratch database") {
  ExportingSite site;
  site.must({"init"});
  site.must({"full"});
  const auto verification = drilled(site, {"--db", "x121"});
  INFO(verification.dump(1));
  CHECK(verification["success"] == true);
  CHECK(steps_passed(verification) == R"({"failed":0,"passed":5,"skipped":0})");
  CHECK(verification["coverage"]["steps"][1]["name"] == "stock-1-create");
  CHECK(verification["coverage"]["steps"][1]["seconds"].get<double>() > 0);
  CHECK_THAT(verification["coverage"]["notes"].dump(),
             Contains("the runbook's own commands took") && Contains("chapter F was followed"));
  CHECK(site.cluster().psql("postgres",
                            "select string_agg(datname, ' ' order by datname) from pg_database "
                            "where not datistemplate") == "bkp postgres x121");
  CHECK(std::filesystem::is_empty(site.directory() / "state/scratch"));
  CHECK(site.cluster().psql("bkp",
                            "select level || ' ' || success || ' ' || (coverage->'checks'->'step'"
                            "->>'passed') from bkp.verifications") == "drill true 5");
}

TEST_CASE("a drill of what is sealed and signed opens and proves it as the page says") {
  SealedSite site;
  site.configure(site.keys.own.string());
  const auto verification = drilled(site);
  INFO(verification.dump(1));
  CHECK(verification["success"] == true);
  CHECK(verification["coverage"]["checks"]["step"]["passed"] >= 5);
}

TEST_CASE("a step that fails fails the drill, and says nothing against the backup") {
  ExportingSite site;
  site.must({"init"});
  site.must({"full", "--db", "x121"});
  const TemporaryDirectory tools;
  write_text(tools / "zstd", "#!/bin/sh\necho 'zstd: no such thing today' >&2\nexit 3\n");
  std::filesystem::permissions(tools / "zstd", std::filesystem::perms::owner_all);
  const auto drill = [&] {
    return site.command({"verify", "--level", "drill", "--db", "x121"})
        .with_variable("PATH", tools.path().string() + ":/usr/bin:/bin")
        .run();
  };
  const auto failed = drill();
  CAPTURE(failed);
  CHECK(failed.exit_code == 8);
  CHECK_THAT(failed.err, Contains("stock-1-restore") && Contains("no such thing today") &&
                             Contains("the backups are good"));
  CHECK(site.cluster().psql("postgres",
                            "select count(*) from pg_database where datname like "
                            "'bkp_verify%'") == "0");
  CHECK(site.json({"list", "--db", "x121"})["result"]["backups"][0]["verified_at"] == nullptr);
  site.must({"verify", "--db", "x121"});
  CHECK(drill().exit_code == 8);
  CHECK(site.json({"list", "--db", "x121"})["result"]["backups"][0]["verified"] == true);
  // Nor does the store say so, from which a catalog is made anew.
  site.must({"catalog", "rebuild", "--store", "local"});
  CHECK(site.json({"list", "--db", "x121"})["result"]["backups"][0]["verified"] == true);
}

TEST_CASE("a drill of the cluster follows the page to a server that is accepted") {
  PitrSite site;
  site.mark(2);
  site.archive_all();
  const auto verification = drilled(site, {site.label});
  INFO(verification.dump(1));
  CHECK(verification["success"] == true);
  CHECK(steps_passed(verification) == R"({"failed":0,"passed":4,"skipped":0})");
  CHECK(std::filesystem::is_empty(site.directory() / "state/scratch"));
  // The page takes the newest one.
  const auto first = site.label;
  site.back_up_cluster();
  site.archive_all();
  const auto older = drilled(site, {first});
  CHECK(older["success"] == true);
  CHECK_THAT(older["coverage"]["notes"].dump(), Contains("it takes the newest backup"));
}

TEST_CASE("a drill of an export of the configuration unpacks it by stock tools") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  const auto verification = drilled(site, {"--type", "config"});
  INFO(verification.dump(1));
  CHECK(verification["success"] == true);
  CHECK(steps_passed(verification) == R"({"failed":0,"passed":2,"skipped":0})");
  CHECK(std::filesystem::is_empty(site.directory() / "state/scratch"));
}
