// Labels are names of directories on a store, where others may have written.
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "backup/marks.hpp"
#include "command/full.hpp"
#include "command/init.hpp"
#include "command/restore.hpp"
#include "command/verify.hpp"
#include "command_bench.hpp"
#include "support/error_of.hpp"
#include "support/open_store.hpp"
#include "util/error.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Stores with a backup called "a;b", and no catalog that knows another name of it.
struct OddSite {
  test::CommandBench bench;

  OddSite() {
    bench.run(command::InitOptions{});
    const auto label = take();
    for (const auto* store : {"local", "second"}) {
      const auto odd = backups(store) / "a;b";
      std::filesystem::rename(backups(store) / label, odd);
      auto manifest = text_of(odd / "manifest.json");
      manifest.replace(manifest.find(label), label.size(), "a;b");
      test::write_text(odd / "manifest.json", manifest);
    }
    bench.config().catalog.conninfo = "host=/nonexistent";
    bench.config().recover.scratch_directory = bench.store_directory("scratch");
  }

  std::string take() {
    return bench.run(command::FullOptions{}).result.at("backups").at(0).at("label");
  }
  std::filesystem::path backups(const std::string& store) const {
    return bench.store_directory(store) / "studio/backups";
  }
};

}  // namespace

TEST_CASE("verify quotes the label of a damaged backup, and of the copy that is good") {
  OddSite site;
  std::filesystem::resize_file(site.backups("local") / "a;b/dump.pgc.zst", 10);
  command::VerifyOptions options;
  options.level = "checksum";
  const auto report = site.bench.run(options);
  REQUIRE(report.error);
  CHECK_THAT(report.error->hint(), Contains("`bkp restore 'a;b' --db studio --store second`") &&
                                       Contains("`bkp copy 'a;b' --to local`"));
}

TEST_CASE("restore quotes the label of the backup to take instead") {
  OddSite site;
  const auto doubted = site.take();
  auto store = test::open_store(site.bench.config().stores[0].url, store::OpenMode::existing);
  backup::write_mark(*store, backup::Layout{"studio"}, doubted, "failed", util::SystemClock{}.now(),
                     {{"level", "restore"}, {"scope", "backup"}});
  command::RestoreOptions options;
  options.id = doubted;
  options.database = "studio";
  const auto report = site.bench.run(options, true);
  CHECK(report.result.at("plan").at("alternative").at("command") ==
        "bkp restore 'a;b' --db studio");
}

TEST_CASE("where a copy is not is answered with a command that can be run") {
  OddSite site;
  std::filesystem::remove_all(site.backups("second") / "a;b");
  command::VerifyOptions options;
  options.id = "a;b";
  options.store = "second";
  const auto report = site.bench.run(options);
  REQUIRE(report.error);
  CHECK_THAT(report.error->hint(), Contains("`bkp show 'a;b'`"));
}

TEST_CASE("what only looks like a URL is no URL of a store") {
  test::CommandBench bench;
  bench.run(command::InitOptions{});
  bench.run(command::FullOptions{});
  command::RestoreOptions options;
  options.id = "latest";
  options.database = "studio";
  options.from.store = "://x";
  const auto error = test::error_of([&] { bench.run(options, true); });
  CHECK(error.kind() == util::ErrorKind::not_found);
  CHECK_THAT(error.message(), Contains("there is no store \"://x\""));
}
