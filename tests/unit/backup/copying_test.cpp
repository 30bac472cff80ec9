#include "backup/copying.hpp"

#include <catch2/catch.hpp>

#include "backup/marks.hpp"
#include "backup/part_writer.hpp"
#include "example_manifest.hpp"
#include "store/memory_store.hpp"
#include "support/bytes.hpp"
#include "support/error_of.hpp"
#include "support/manual_clock.hpp"
#include "support/outside.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;

namespace {

const backup::Layout layout{"studio"};
const std::string label = "20261121T020000Z-full-x121";

/// A backup on one store in memory, and another store.
struct TwoStores {
  test::TemporaryDirectory directory;
  config::Config config;
  test::Outside outside;
  test::ManualClock clock;
  catalog::Recorder recorder{
      {{}, "bkp", directory / "spool"}, clock, outside.log, outside.interrupt};
  run::Context context = outside.context(config, clock, recorder);
  std::shared_ptr<store::MemoryStore> from = std::make_shared<store::MemoryStore>();
  store::MemoryStore to;

  TwoStores() {
    auto manifest = example_manifest();
    std::vector<backup::Target> targets{{"from", true, from, std::nullopt}};
    backup::PartWriter writer{targets, layout, label, "dump.pgc", "dump", {{3, 1}, {}}};
    writer.write(test::bytes_of("content"));
    writer.finish();
    manifest.parts = {writer.part()};
    store::put_text(*from, layout.manifest(label), backup::to_text(manifest));
  }

  backup::StoredBackup read() { return backup::read_backup(*from, layout, label).value(); }
  std::vector<std::string> copied() {
    std::vector<std::string> names;
    for (const auto& object : to.list(layout.backup(label)))
      names.emplace_back(store::Key{object.key}.name());
    return names;
  }
};

}  // namespace

TEST_CASE("a hold is copied with its backup, a removal that was broken off is not") {
  TwoStores stores;
  const auto now = util::parse_time("2026-11-22T02:00:00Z");
  backup::write_mark(*stores.from, layout, label, "held", now,
                     {{"until", nullptr}, {"reason", "audit"}});
  backup::write_mark(*stores.from, layout, label, backup::pruned_kind, now,
                     nlohmann::json::object());
  backup::copy_objects(stores.context, layout, stores.read(), *stores.from, stores.to);
  CHECK(backup::read_marks(stores.to, layout, label).hold_reason == "audit");
  CHECK(stores.to.list(layout.marks(label)).size() == 1);
  CHECK(backup::read_backup(stores.to, layout, label));
}

TEST_CASE("a manifest that changed or went since it was judged is not copied") {
  TwoStores stores;
  const auto backup = stores.read();
  const auto text = store::get_text(*stores.from, layout.manifest(label)).value();
  stores.from->remove(layout.manifest(label));
  SECTION("changed") {
    store::put_text(*stores.from, layout.manifest(label), text + " ");
  }
  SECTION("gone") {}
  const auto error = test::error_of(
      [&] { backup::copy_objects(stores.context, layout, backup, *stores.from, stores.to); });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK(stores.copied().empty());
}
