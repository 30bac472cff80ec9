// What is said of files that a database knows: by status, check and the runbook.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "e2e/asset_site.hpp"
#include "e2e/runbook_bench.hpp"
#include "support/replaced.hpp"

using namespace bkp;
using namespace bkp::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using nlohmann::json;

TEST_CASE("what is known and not read yet, what was read long ago, and what is lost, are told") {
  AssetSite site{"25%"};
  site.must({"init"});
  site.must({"full"});
  site.check();
  const auto told = [&] {
    const auto status = site.json({"status"})["result"];
    REQUIRE(status["assets"].size() == 1);
    return status["assets"][0];
  };
  CHECK(told()["known"] == files);
  CHECK(told()["never_read"] == files - files / 4);
  CHECK_THAT(site.must({"status"}).out,
             Contains("green  assets finals") && Contains("30 never read"));
  CHECK_THAT(output_of(site.command_at("+3d", {"status"})),
             Contains("yellow check of assets finals  the last one was 3d ago"));
  CHECK_THAT(output_of(site.command_at("+9d", {"status"})),
             Contains("red    check of assets finals"));
  CHECK(site.must({"assets-check", "--faults"}).out.empty());
  // What is unreadable comes first, and is not what is lost.
  fs::remove(site.file(0));
  fs::create_directory(site.file(0));
  fs::remove(site.file(3));
  const auto lost = site.run({"assets-check"});
  CHECK_THAT(lost.err, Contains("1 missing and 0 corrupt assets: \"" + file_name(3) + "\""));
  CHECK(site.must({"assets-check", "--faults", "finals", "-q"}).out == file_name(3) + "\n");
  CHECK(site.must({"assets-check", "--faults", "--null"}).out ==
        file_name(3) + std::string(1, '\0'));
  CHECK(site.json({"assets-check", "--faults"})["result"]["faults"][0]["path"] == file_name(3));
}

TEST_CASE("assets that come later have a schedule that waits for them") {
  Site site;
  site.must({"init"});
  std::filesystem::create_directory(site.directory() / "media");
  site.write_config(site.base_config() + "assets: [{name: finals, database: postgres, root: " +
                    (site.directory() / "media").string() +
                    ", sql: \"select 'x' as path, null as sha256\"}]\n");
  const auto schedules = site.json({"schedule", "list"})["result"]["schedules"];
  const auto waits = std::ranges::find_if(
      schedules, [](const json& one) { return one["command"] == "assets-check"; });
  REQUIRE(waits != schedules.end());
  const auto enable = fmt::format("bkp schedule enable {}\n", (*waits)["id"].get<int>());
  CHECK_THAT(site.run({"check"}).out, Contains(enable));
}

TEST_CASE("the runbook's chapter on assets works as it stands there") {
  AssetSite site{"100%", "runbook: {path: page.html}\n"};
  site.write_config(replaced(read_text(site.config_file()), "path: page.html",
                             "path: " + (site.directory() / "page.html").string()));
  site.must({"init"});
  site.must({"full"});
  fs::remove(site.file(20));
  site.put(21, "something else");
  int seen = 0;
  for (const auto& step : steps_in(site.directory() / "page.html")) {
    if (step.scenario != "assets-finals") continue;
    CAPTURE(step.text);
    ++seen;
    const auto path = (InstalledBkp::prefix() / "bin").string() + ":" + std::getenv("PATH");
    const auto outcome = Program{{"bash", "-c", step.text}}
                             .with_variable("BKP_CONFIG", site.config_file().string())
                             .with_variable("PATH", path)
                             .run();
    INFO(outcome);
    // It only tells.
    CHECK(outcome.succeeded() == step.id.ends_with("faults"));
    CHECK_THAT(outcome.out + outcome.err, Contains("final 20.mp4"));
    if (!step.id.ends_with("look")) CHECK_THAT(outcome.out + outcome.err, Contains("final 21.mp4"));
  }
  CHECK(seen == 4);
}
