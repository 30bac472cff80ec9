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
    backup::PartWriter writer{targets,    example_layout, example_label,
                              "dump.pgc", "dump",         {{3, 1}, {}}};
    writer.write(test::bytes_of("content"));
    writer.finish();
    manifest.parts = {writer.part()};
    store::put_text(*from, example_layout.manifest(example_label), backup::to_text(manifest));
  }

  backup::StoredBackup read() {
    return backup::read_backup(*from, example_layout, example_label).value();
  }
  std::vector<std::string> copied() {
    std::vector<std::string> names;
    for (const auto& object : to.list(example_layout.backup(example_label)))
      names.emplace_back(store::Key{object.key}.name());
    return names;
  }
};

}  // namespace

TEST_CASE("a hold is copied with its backup, a removal that was broken off is not") {
  TwoStores stores;
  const auto now = util::parse_time("2026-11-22T02:00:00Z");
  backup::write_mark(*stores.from, example_layout, example_label, "held", now,
                     {{"until", nullptr}, {"reason", "audit"}});
  backup::write_mark(*stores.from, example_layout, example_label, backup::pruned_kind, now,
                     nlohmann::json::object());
  backup::copy_objects(stores.context, example_layout, stores.read(), *stores.from, stores.to);
  CHECK(backup::read_marks(stores.to, example_layout, example_label).hold_reason == "audit");
  CHECK(stores.to.list(example_layout.marks(example_label)).size() == 1);
  CHECK(backup::read_backup(stores.to, example_layout, example_label));
}

namespace {

/// The copy on `to` is whole before the damage.
struct CopiedStores : TwoStores {
  store::Key part = example_layout.part(example_label, "dump.pgc.zst");
  std::string text = store::get_text(*from, part).value();

  CopiedStores() { backup::copy_objects(context, example_layout, read(), *from, to); }
  std::vector<std::string> mend() {
    return backup::mend_objects(context, example_layout, read(), *from, to);
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("of a damaged copy what is damaged is replaced, and nothing else") {
  CopiedStores stores;
  CHECK(stores.mend().empty());
  const auto manifest = example_layout.manifest(example_label);
  SECTION("a part that changed") {
    store::replace_text(stores.to, stores.part, "x" + stores.text.substr(1));
    CHECK(stores.mend() == Names{"dump.pgc.zst"});
  }
  SECTION("a part that is too short") {
    store::replace_text(stores.to, stores.part, stores.text.substr(1));
    CHECK(stores.mend() == Names{"dump.pgc.zst"});
  }
  SECTION("a part that is gone") {
    stores.to.remove(stores.part);
    CHECK(stores.mend() == Names{"dump.pgc.zst"});
  }
  SECTION("the manifest") {
    store::replace_text(stores.to, manifest, "{}");
    CHECK(stores.mend() == Names{"manifest.json"});
  }
  SECTION("the manifest is gone, and the signature was never there") {
    store::put_text(*stores.from, example_layout.signature(example_label), "signature");
    stores.to.remove(manifest);
    CHECK(stores.mend() == Names{"manifest.json.sig", "manifest.json"});
  }
  CHECK(store::get_text(stores.to, stores.part) == stores.text);
  CHECK(store::get_text(stores.to, manifest) == store::get_text(*stores.from, manifest));
  CHECK(stores.mend().empty());
}

TEST_CASE("mending brings back marks and page, and notes what it did only where it did something") {
  CopiedStores stores;
  const auto now = stores.clock.now();
  backup::write_mark(*stores.from, example_layout, example_label, "held", now,
                     {{"until", nullptr}, {"reason", "audit"}});
  store::put_text(*stores.from, example_layout.part(example_label, "runbook.html"), "page");
  const auto marks = [&] { return backup::read_marks(stores.to, example_layout, example_label); };
  backup::write_mark(stores.to, example_layout, example_label, "failed", now,
                     {{"level", "checksum"}, {"scope", "copy"}, {"error", "bad"}});
  stores.clock.advance(std::chrono::hours{1});
  CHECK(stores.mend().empty());
  CHECK(marks().hold_reason == "audit");
  CHECK(marks().copy_error == "bad");
  CHECK(store::get_text(stores.to, example_layout.part(example_label, "runbook.html")) == "page");
  stores.to.remove(stores.part);
  CHECK(stores.mend() == Names{"dump.pgc.zst"});
  CHECK(marks().copy_error.empty());
}

TEST_CASE("remains of a backup that was to go are not mended") {
  CopiedStores stores;
  CHECK(backup::can_be_mended(example_layout, example_label, stores.to));
  backup::write_mark(stores.to, example_layout, example_label, backup::pruned_kind,
                     util::parse_time("2026-11-22T02:00:00Z"), nlohmann::json::object());
  CHECK_FALSE(backup::can_be_mended(example_layout, example_label, stores.to));
  CHECK_FALSE(backup::can_be_mended(example_layout, "20261121T020000Z-full-other", stores.to));
}

TEST_CASE("a damaged part stays as long as nothing better is at hand") {
  CopiedStores stores;
  const auto damaged = "x" + stores.text.substr(1);
  store::replace_text(stores.to, stores.part, damaged);
  store::replace_text(*stores.from, stores.part, "y" + stores.text.substr(1));
  const auto error = test::error_of([&] { stores.mend(); });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK(store::get_text(stores.to, stores.part) == damaged);
}

TEST_CASE("a manifest that changed or went since it was judged is not copied") {
  TwoStores stores;
  const auto backup = stores.read();
  const auto text = store::get_text(*stores.from, example_layout.manifest(example_label)).value();
  stores.from->remove(example_layout.manifest(example_label));
  SECTION("changed") {
    store::put_text(*stores.from, example_layout.manifest(example_label), text + " ");
  }
  SECTION("gone") {}
  const auto error = test::error_of([&] {
    backup::copy_objects(stores.context, example_layout, backup, *stores.from, stores.to);
  });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK(stores.copied().empty());
}
