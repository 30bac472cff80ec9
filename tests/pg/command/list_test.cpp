#include "command/list.hpp"

#include <catch2/catch.hpp>

#include "backup/marks.hpp"
#include "command/full.hpp"
#include "command/init.hpp"
#include "command_bench.hpp"
#include "support/open_store.hpp"

using namespace bkp;
using test::CommandBench;

TEST_CASE("without the catalog a backup has the marks of all its stores") {
  CommandBench bench;
  bench.run(command::InitOptions{});
  const std::string label = bench.run(command::FullOptions{}).result["backups"].at(0)["label"];
  auto second = test::open_store(bench.config().stores.at(1).url, store::OpenMode::existing);
  const backup::Layout layout{"studio"};
  const auto now = util::SystemClock{}.now();
  backup::write_mark(*second, layout, label, "verified", now, {{"level", "restore"}});
  backup::write_mark(*second, layout, label, "held", now,
                     {{"reason", "audit"}, {"until", nullptr}});
  bench.config().catalog.conninfo = "host=/nonexistent";
  const auto backup = bench.run(command::ListOptions{}).result["backups"].at(0);
  CHECK(backup["copies"].size() == 2);
  CHECK(backup["verified"] == true);
  CHECK_FALSE(backup["held_until"].is_null());
}
