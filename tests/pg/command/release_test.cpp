#include "command/release.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "backup/marks.hpp"
#include "command/full.hpp"
#include "command/init.hpp"
#include "command_bench.hpp"
#include "support/open_store.hpp"

using namespace bkp;

TEST_CASE("a hold on a store that is away is not said to be none") {
  test::CommandBench bench;
  bench.run(command::InitOptions{});
  const std::string label =
      bench.run(command::FullOptions{}).result.at("backups").at(0).at("label");
  const auto held = bench.store_directory("second");
  backup::write_mark(*test::open_store("file://" + held.string(), store::OpenMode::existing),
                     backup::Layout{"studio"}, label, "held", util::SystemClock{}.now(),
                     {{"until", nullptr}, {"reason", "audit"}});
  std::filesystem::rename(held, held.string() + ".away");
  bench.config().catalog.conninfo = "host=/nonexistent";
  command::ReleaseOptions options;
  options.backup.id = label;
  const auto report = bench.run(options);
  CHECK(report.result.at("released") == true);
  REQUIRE(report.error);
  CHECK(report.error->kind() == util::ErrorKind::partial);
  CHECK_THAT(report.error->message(), Catch::Matchers::Contains("second failed"));
}
