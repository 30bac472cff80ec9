// The runbook's chapters on the whole cluster and on its WAL, typed from the page: on a host where
// nothing is left but one store, the keys and the page, and where a store is lost.
#include <catch2/catch.hpp>
#include <filesystem>

#include "e2e/runbook_bench.hpp"
#include "support/incremental_site.hpp"
#include "support/replaced.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// What the server's user sees at a shell.
Outcome type(Cluster& cluster, const Step& step) {
  Program shell{{"bash", "-o", "pipefail", "-c", step.text}};
  if (::geteuid() == 0) shell.as_user(cluster.user());
  const auto path = (InstalledBkp::prefix() / "bin").string() + ":" +
                    cluster.bin_directory().string() + ":/usr/bin:/bin";
  return shell.with_variable("PATH", path).in_directory("/").run();
}

Step step_in(const std::filesystem::path& page, const std::string& id) {
  for (auto& step : steps_in(page)) {
    if (step.id == id) return step;
  }
  throw std::runtime_error{"the page has no command " + id};
}

/// A second store, with all that the first one has.
void fill_vault(PitrSite& site, bool required) {
  site.add_store("vault", required);
  site.must({"init"});
  site.archive_all();
  site.must({"copy", "--to", "vault"});
  site.must({"wal-check"});
}

}  // namespace

TEST_CASE("chapter G: the cluster comes back from one store, the keys and the page") {
  const bool sealed = GENERATE(false, true);
  CAPTURE(sealed);
  IncrementalSite site;
  const TemporaryDirectory desk;
  site.cluster().give(desk.path());
  if (sealed) {
    const auto identity = (desk / "identity").string();
    const auto recipient = site.make_identity(identity);
    site.write_config(site.base_config() + "encryption: {recipients: [" + recipient +
                      "], identity_files: [" + identity + "]}\n");
    site.take_full();
  }
  site.mark(2);
  const auto newest = site.take_incremental();
  site.mark(3);
  site.archive_all();
  const auto page = desk / "page.html";
  site.must({"runbook", "--out", page.string()});
  CHECK_THAT(read_text(page), Contains("The newest backup in it is <code>" + newest + "</code>"));

  auto& cluster = site.cluster();
  cluster.stop(StopMode::immediate);
  std::filesystem::remove_all(cluster.data_directory());
  std::filesystem::remove_all(site.directory() / "state");
  std::filesystem::remove(site.config_file());
  int typed = 0;
  for (const auto& step : steps_in(page)) {
    if (step.id != "host-write-config" && step.scenario != "moment") continue;
    const auto outcome = type(cluster, step);
    INFO(step.id << ":\n" << step.text << "\n" << outcome);
    REQUIRE(outcome.succeeded());
    ++typed;
  }
  CHECK(typed == 13);
  CHECK(site.ask("select string_agg(i::text, ',' order by i) from marker") == "1,2,3");
  const auto verified = site.json({"list", "--verified", "yes"}).at("result").at("backups");
  CAPTURE(verified.dump(1));
  REQUIRE(verified.size() == 2);
  CHECK(verified[0]["method"] == "base");
  CHECK(verified[1]["label"] == newest);
  site.mark(4);
  site.archive_all();
  CHECK(site.take({"incr"})["backup_type"] == "incremental");
  cluster.run_program(
      "pg_ctl", {"-s", "-w", "-D", cluster.data_directory().string(), "-m", "immediate", "stop"});
}

TEST_CASE("chapter G: a lost store that is required holds recovery up, until it is none any more") {
  PitrSite site;
  const TemporaryDirectory desk;
  site.cluster().give(desk.path());
  fill_vault(site, false);
  const auto page = desk / "page.html";
  site.must({"runbook", "--out", page.string()});
  std::filesystem::remove_all(site.store());
  const auto preview = step_in(page, "moment-preview");
  const auto refused = type(site.cluster(), preview);
  INFO(refused);
  CHECK(refused.exit_code == 6);
  CHECK_THAT(refused.err, Contains("required: false"));
  const auto config = read_text(site.config_file());
  SECTION("as it is marked so, and another one in its place") {
    const auto other = replaced(config, "required: false", "required: true");
    site.write_config(replaced(other, "/store\n", "/store\n    required: false\n"));
  }
  SECTION("as it is taken out") {
    const auto local = config.find("  - name: local");
    site.write_config(config.substr(0, local) + config.substr(config.find("  - name: vault")));
  }
  const auto accepted = type(site.cluster(), preview);
  INFO(accepted);
  CHECK(accepted.succeeded());
}

TEST_CASE("chapter E: a new store gets the archived WAL too") {
  PitrSite site;
  const TemporaryDirectory desk;
  site.cluster().give(desk.path());
  fill_vault(site, true);
  const auto segment = site.switch_segment();
  site.wait_for_archived(segment);
  const auto page = desk / "page.html";
  site.must({"runbook", "--out", page.string()});
  std::filesystem::remove_all(site.store());
  int typed = 0;
  for (const auto& step : steps_in(page)) {
    if (step.scenario != "store-1") continue;
    // The server tries again what it could not archive without the store.
    if (step.id == "store-1-wal-check") site.archive_all();
    const auto outcome = type(site.cluster(), step);
    INFO(step.id << ":\n" << step.text << "\n" << outcome);
    REQUIRE(outcome.succeeded());
    ++typed;
  }
  CHECK(typed == 5);
  CHECK(std::filesystem::exists(site.archived(segment)));
  const auto report = site.json({"wal-check"});
  INFO(report.dump(1));
  CHECK(report["result"]["stores"][0]["missing"].empty());
}
