// The runbook's chapter on the whole cluster, typed from the page on a host where nothing is left
// but one store, the keys and the page.
#include <catch2/catch.hpp>
#include <filesystem>

#include "e2e/runbook_bench.hpp"
#include "support/incremental_site.hpp"

using namespace bkp::test;

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
  site.take_incremental();
  site.mark(3);
  site.archive_all();
  const auto page = desk / "page.html";
  site.must({"runbook", "--out", page.string()});

  auto& cluster = site.cluster();
  cluster.stop(StopMode::immediate);
  std::filesystem::remove_all(cluster.data_directory());
  std::filesystem::remove_all(site.directory() / "state");
  std::filesystem::remove(site.config_file());
  const auto type = [&](const Step& step) {
    Program shell{{"bash", "-o", "pipefail", "-c", step.text}};
    if (::geteuid() == 0) shell.as_user(cluster.user());
    const auto path = (InstalledBkp::prefix() / "bin").string() + ":" +
                      cluster.bin_directory().string() + ":/usr/bin:/bin";
    return shell.with_variable("PATH", path).in_directory("/").run();
  };
  int typed = 0;
  for (const auto& step : steps_in(page)) {
    if (step.id != "host-write-config" && step.scenario != "moment") continue;
    const auto outcome = type(step);
    INFO(step.id << ":\n" << step.text << "\n" << outcome);
    REQUIRE(outcome.succeeded());
    ++typed;
  }
  CHECK(typed == 11);
  CHECK(site.ask("select string_agg(i::text, ',' order by i) from marker") == "1,2,3");
  site.mark(4);
  site.archive_all();
  CHECK(site.take({"incr"})["backup_type"] == "incremental");
  cluster.run_program(
      "pg_ctl", {"-s", "-w", "-D", cluster.data_directory().string(), "-m", "immediate", "stop"});
}
