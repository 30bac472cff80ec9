#include <catch2/catch.hpp>
#include <filesystem>

#include "command/catalog.hpp"
#include "command/full.hpp"
#include "command/hold.hpp"
#include "command/init.hpp"
#include "command/prune.hpp"
#include "command/release.hpp"
#include "command/runbook.hpp"
#include "command/verify.hpp"
#include "command_bench.hpp"

using namespace bkp;
using test::CommandBench;

TEST_CASE("a dry run takes no lock: it neither waits for a run nor keeps one waiting") {
  CommandBench bench;
  bench.run(command::InitOptions{});
  bench.run(command::FullOptions{});
  const auto locks = bench.config().catalog.spool_directory.parent_path() / "lock";
  REQUIRE(std::filesystem::remove_all(locks) > 0);
  command::HoldOptions hold;
  hold.backup.id = "latest";
  hold.reason = "audit";
  command::ReleaseOptions release;
  release.backup.id = "latest";
  bench.run(hold, true);
  bench.run(release, true);
  bench.run(command::FullOptions{}, true);
  bench.run(command::PruneOptions{}, true);
  bench.run(command::VerifyOptions{}, true);
  bench.run(command::CatalogOptions{"rebuild", "local"}, true);
  bench.run(command::RunbookOptions{}, true);
  CHECK_FALSE(std::filesystem::exists(locks));
}
