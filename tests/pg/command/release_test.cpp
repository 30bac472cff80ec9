#include "command/release.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "backup/marks.hpp"
#include "command/full.hpp"
#include "command/hold.hpp"
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

TEST_CASE("a hold or a release that an empty mount point missed is not said to be everywhere") {
  test::CommandBench bench;
  bench.run(command::InitOptions{});
  const std::string label =
      bench.run(command::FullOptions{}).result.at("backups").at(0).at("label");
  const auto second = bench.store_directory("second");
  std::filesystem::rename(second, second.string() + ".away");
  std::filesystem::create_directory(second);
  command::HoldOptions hold;
  hold.backup.id = label;
  hold.reason = "audit";
  const auto held = bench.run(hold);
  REQUIRE(held.error);
  CHECK(held.error->kind() == util::ErrorKind::partial);
  CHECK_THAT(held.error->message(), Catch::Matchers::Contains("second failed"));
  command::ReleaseOptions release;
  release.backup.id = label;
  CHECK(bench.run(release).error.value().kind() == util::ErrorKind::partial);
}
