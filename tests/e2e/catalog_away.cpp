// The catalog is down, was never made, or is not to be touched.
#include <filesystem>

#include "e2e/check_failure.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("with the catalog down and nothing mounted there are not `no backups`") {
  Site site;
  site.must({"init"});
  std::filesystem::rename(site.store(), site.store().string() + ".unmounted");
  std::filesystem::create_directory(site.store());
  site.cluster().stop();
  check_failure(site, {"list"}, 6, "store", "holds no site");
  check_failure(site, {"prune"}, 6, "store", "holds no site");
  CHECK(std::filesystem::is_empty(site.store()));
}

TEST_CASE("that the catalog is down is said once in a run, and truly") {
  Site site;
  site.must({"init"});
  site.cluster().create_database("good");
  const auto label = site.back_up("good");
  site.cluster().psql("postgres", "drop database bkp with (force)");
  const std::vector<std::vector<std::string>> commands{
      {"list"},
      {"show", "latest"},
      {"full", "--db", "good"},
      {"verify", label},
      {"verify", "--all", "--level", "checksum"},
      {"prune"},
      {"prune", "--dry-run"},
      {"hold", label, "--reason", "x"},
      {"release", label},
      {"restore", label, "--db", "good", "--into", "again"},
      {"runbook"}};
  for (const auto& command : commands) {
    const auto outcome = site.must(command);
    CAPTURE(outcome);
    std::size_t said = 0;
    for (auto at = outcome.err.find("catalog cannot"); at != outcome.err.npos;
         at = outcome.err.find("catalog cannot", at + 1)) {
      ++said;
    }
    CHECK(said == 1);
    CHECK_THAT(outcome.err, Contains("the catalog cannot be reached"));
    const bool recorded = command.back() != "--dry-run";
    CHECK((outcome.err.find("is noted in") != outcome.err.npos) == recorded);
    CHECK_THAT(outcome.err, !Contains("listing"));
  }
}

TEST_CASE("a catalog that was never made says to run init") {
  const Site site;
  const Outcome outcome = site.run({"show", "latest"});
  CAPTURE(outcome);
  CHECK_FALSE(outcome.succeeded());
  CHECK_THAT(outcome.err, Contains("bkp init"));
}

TEST_CASE("an explanation of the settings touches neither the catalog nor the spool") {
  Site site;
  site.must({"init"});
  const auto runs = [&] { return site.cluster().psql("bkp", "select count(*) from bkp.runs"); };
  const auto before = runs();
  site.must({"check", "--explain"});
  CHECK(runs() == before);
  site.cluster().stop();
  std::filesystem::remove_all(site.spool());
  const auto outcome = site.must({"check", "--explain"});
  CHECK(outcome.err.empty());
  CHECK_FALSE(std::filesystem::exists(site.spool()));
}
