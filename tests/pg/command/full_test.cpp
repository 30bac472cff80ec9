#include "command/full.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "command/init.hpp"
#include "command_bench.hpp"
#include "support/error_of.hpp"

using namespace bkp;
using command::FullOptions;
using test::CommandBench;

TEST_CASE("what a dead run left goes with the next, but not without the lock of the catalog") {
  CommandBench bench;
  bench.run(command::InitOptions{});
  const auto debris =
      bench.store_directory("local") / "studio/backups/20200101T000000Z-full-studio";
  std::filesystem::create_directories(debris);
  test::write_text(debris / "dump.pgc.zst", "half");
  bench.cluster().psql(
      "bkp",
      "insert into bkp.backups (label, backup_type, method, triggered_by, "
      "started_at, status_id) select '20200101T000000Z-full-studio', 'full', 'dump', 'manual', "
      "'2020-01-01', id from bkp.job_statuses where name = 'failed'");
  const auto catalog = bench.config().catalog.conninfo;
  bench.config().catalog.conninfo = "host=/nonexistent";
  auto report = bench.run(FullOptions{});
  CHECK_FALSE(report.error);
  CHECK(report.result["debris_removed"].empty());
  CHECK(std::filesystem::exists(debris / "dump.pgc.zst"));
  bench.config().catalog.conninfo = catalog;
  report = bench.run(FullOptions{});
  CHECK(report.result["debris_removed"].size() == 1);
  CHECK_FALSE(std::filesystem::exists(debris / "dump.pgc.zst"));
}

TEST_CASE("--method outranks the configuration's") {
  CommandBench bench;
  bench.run(command::InitOptions{});
  bench.config().full.method = {"dump", "base"};
  // The server of this test does not archive, so there can be no base backup of it; the dumps stay.
  const auto both = bench.run(FullOptions{});
  REQUIRE(both.error);
  CHECK(both.error->kind() == util::ErrorKind::partial);
  FullOptions options;
  options.method = "dump";
  CHECK_FALSE(bench.run(options).error);
  options.method = "base";
  const auto base = bench.run(options);
  REQUIRE(base.error);
  CHECK(base.error->kind() == util::ErrorKind::refused);
  options.databases = {"studio"};
  CHECK(test::error_of([&] { bench.run(options); }).kind() == util::ErrorKind::usage);
}

TEST_CASE("a store that cannot be cleaned up or listed keeps no other from its copy") {
  CommandBench bench;
  bench.run(command::InitOptions{});
  bench.config().stores[1].required = false;
  const auto backups = bench.store_directory("second") / "studio/backups";
  const auto elsewhere = bench.store_directory("elsewhere");
  std::filesystem::create_directories(elsewhere);
  const auto copies = [](const cli::Report& report) {
    std::vector<std::string> states;
    for (const auto& copy : report.result.at("backups").at(0).at("copies"))
      states.push_back(copy.at("state"));
    return states;
  };

  SECTION("in part") {
    std::filesystem::create_directories(backups);
    std::filesystem::create_directory_symlink(elsewhere, backups / "20200101T000000Z-full-studio");
    const auto report = bench.run(FullOptions{});
    CHECK_FALSE(report.error);
    CHECK(copies(report) == std::vector<std::string>{"completed", "completed"});
  }
  SECTION("at all") {
    std::filesystem::create_directory_symlink(elsewhere, backups);
    const auto report = bench.run(FullOptions{});
    CHECK_FALSE(report.error);
    CHECK(copies(report) == std::vector<std::string>{"completed", "failed"});
  }
  CHECK_THAT(bench.warnings().at(0), Catch::Matchers::Contains("store \"second\" was not cleared"));
  CHECK_THAT(bench.warnings().at(0), Catch::Matchers::Contains("symbolic link"));
}
