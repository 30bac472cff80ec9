#include <catch2/catch.hpp>

#include "backup/part_writer.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "example_manifest.hpp"
#include "store/memory_store.hpp"
#include "stream/sinks.hpp"
#include "support/bytes.hpp"
#include "support/error_of.hpp"
#include "support/faulty_store.hpp"
#include "util/error.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

const util::Time night = util::parse_time("2026-11-21T02:00:00Z");
const backup::PartFormat compressed{{3, 1}, {}};

/// A whole backup with one part on a store of its own.
struct Stored {
  std::shared_ptr<store::MemoryStore> store = std::make_shared<store::MemoryStore>();
  backup::Manifest manifest = example_manifest();

  explicit Stored(const std::string& content, const backup::PartFormat& format = compressed) {
    std::vector<backup::Target> targets{{"a", true, store, std::nullopt}};
    backup::PartWriter writer{targets, example_layout, example_label, "dump.pgc", "dump", format};
    writer.write(test::bytes_of(content));
    writer.finish();
    manifest.parts = {writer.part()};
    store::put_text(*store, example_layout.manifest(example_label), backup::to_text(manifest));
  }

  void replace(const std::string& name, const std::string& content) const {
    store->remove(example_layout.part(example_label, name));
    store::put_text(*store, example_layout.part(example_label, name), content);
  }

  std::string stored(const std::string& name) const {
    return store::get_text(*store, example_layout.part(example_label, name)).value();
  }

  util::Error fetch_error() const {
    stream::StringSink sink;
    auto error = test::error_of([&] {
      backup::fetch_part(*store, example_layout, manifest, manifest.parts.at(0), {}, sink);
    });
    CHECK_FALSE(sink.finished());
    return error;
  }
};

/// Opens an object and then fails every write to it, as a full disk does.
std::shared_ptr<store::Store> full_store() {
  struct Full {
    store::MemoryStore disk;
    test::FaultyStore store{disk};
  };
  const auto full = std::make_shared<Full>();
  full->store.fail_always(test::FaultyStore::Operation::write);
  return {full, &full->store};
}

}  // namespace

TEST_CASE("a sealed part comes back with the identity it was sealed for, and only so") {
  const auto identity = seal::Identity::generate();
  Stored backup{"hello, world", {{3, 1}, {identity.recipient()}}};
  backup.manifest.recipients = {identity.recipient().text()};
  const auto& part = backup.manifest.parts.at(0);
  CHECK(part.name == "dump.pgc.zst.age");
  CHECK(part.encryption == "age");
  CHECK_THAT(backup.stored(part.name), Catch::StartsWith("age-encryption.org/v1\n"));
  stream::StringSink sink;
  backup::fetch_part(*backup.store, example_layout, backup.manifest, part, {{identity}, {}}, sink);
  CHECK(sink.text() == "hello, world");
  CHECK(sink.finished());
  for (const seal::Keyring& keys :
       {seal::Keyring{}, seal::Keyring{{seal::Identity::generate()}, {}}}) {
    const auto error = test::error_of([&] {
      stream::StringSink nothing;
      backup::fetch_part(*backup.store, example_layout, backup.manifest, part, keys, nothing);
    });
    CHECK(error.kind() == util::ErrorKind::key);
    CHECK_THAT(error.message(), Contains(identity.recipient().text()));
  }
}

TEST_CASE("a part comes back as it was written") {
  const Stored backup{"hello, world"};
  stream::StringSink sink;
  backup::fetch_part(*backup.store, example_layout, backup.manifest, backup.manifest.parts.at(0),
                     {}, sink);
  CHECK(sink.text() == "hello, world");
  CHECK(sink.finished());
  CHECK(backup.manifest.parts.at(0).original_bytes == 12);
}

TEST_CASE("a changed, truncated, grown or missing part is damage, and the sink is not finished") {
  const Stored backup{std::string(10000, 'x') + "end"};
  const std::string good = backup.stored("dump.pgc.zst");
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
  for (const auto& content :
       {flipped, good.substr(0, good.size() - 1), good + "x", std::string{}}) {
    backup.replace("dump.pgc.zst", content);
    CHECK(backup.fetch_error().kind() == util::ErrorKind::damaged);
  }
  backup.store->remove(example_layout.part(example_label, "dump.pgc.zst"));
  CHECK_THAT(backup.fetch_error().message(), Contains("missing"));
}

TEST_CASE("no more of a part is handed on than the manifest says there is") {
  Stored backup{std::string(1'000'000, 'x')};
  auto& part = backup.manifest.parts.at(0);
  stream::StringSink sink;
  SECTION("of the object itself") {
    backup.replace("dump.pgc.zst", std::string(5'000'000, 'y'));
    CHECK(test::error_of([&] {
            backup::fetch_stored_part(*backup.store, example_layout, backup.manifest, part, sink);
          }).kind() == util::ErrorKind::damaged);
    CHECK(sink.text().size() <= part.size_bytes);
  }
  SECTION("of what it decompresses to") {
    part.original_bytes = 200'000;
    const auto error = test::error_of([&] {
      backup::fetch_part(*backup.store, example_layout, backup.manifest, part, {}, sink);
    });
    CHECK(error.kind() == util::ErrorKind::damaged);
    CHECK_THAT(error.message(), Contains("size after decompression is more"));
    CHECK(sink.text().size() <= part.original_bytes);
  }
  CHECK_FALSE(sink.finished());
}

TEST_CASE("a failing store is left out and the good one keeps its copy") {
  const auto good = std::make_shared<store::MemoryStore>();
  std::vector<backup::Target> targets{{"bad", true, full_store(), std::nullopt},
                                      {"good", true, good, std::nullopt}};
  backup::PartWriter writer{targets,    example_layout, example_label,
                            "dump.pgc", "dump",         {{0, 1}, {}}};
  writer.write(test::bytes_of("content"));
  writer.finish();
  CHECK(targets[0].failure);
  CHECK_FALSE(targets[1].failure);
  CHECK(store::get_text(*good, example_layout.part(example_label, "dump.pgc")) == "content");
}

TEST_CASE("with the last store gone the writer says why") {
  std::vector<backup::Target> targets{{"bad", true, full_store(), std::nullopt}};
  backup::PartWriter writer{targets,    example_layout, example_label,
                            "dump.pgc", "dump",         {{0, 1}, {}}};
  CHECK_THROWS_WITH(
      [&] {
        writer.write(test::bytes_of("content"));
        writer.finish();
      }(),
      Contains("injected fault"));
  writer.abort();
  CHECK(targets[0].failure);
}

TEST_CASE("a store tells its backups, and a damaged manifest is a problem and not the end") {
  const Stored backup{"data"};
  store::put_text(*backup.store, example_layout.manifest("20261122T020000Z-full-y"), "{}");
  std::vector<std::string> problems;
  const auto found = backup::scan_store(*backup.store, example_layout, problems);
  REQUIRE(found.size() == 1);
  CHECK(found[0].manifest.label == example_label);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Contains("20261122T020000Z-full-y"));
}

TEST_CASE("of what has no manifest a run's remains go, and nothing else") {
  const Stored backup{"data"};
  auto& store = *backup.store;
  const std::string half = "20261122T020000Z-full-y";
  const std::string lost = "20261122T020000Z-full-lost";
  const std::string copied = "20261122T020000Z-full-copied";
  for (const auto& name : {half, lost, copied, example_label + ".bak", std::string{"notes"}})
    store::put_text(store, example_layout.part(name, "dump.pgc.zst"), "data");
  store::put_text(store, example_layout.backups() / "README", "mine");
  const auto judge = [&](const std::string& name) {
    return name == half   ? backup::Remains::of_a_run
           : name == lost ? backup::Remains::of_a_backup
                          : backup::Remains::of_nobody;
  };
  const auto cleared = backup::clear_remains(store, example_layout, judge);
  CHECK(cleared.removed == std::vector<std::string>{half});
  REQUIRE(cleared.left.size() == 2);
  CHECK_THAT(cleared.left[0], Contains(copied) && Contains("copying"));
  CHECK_THAT(cleared.left[1], Contains(lost) && Contains("good backup"));
  CHECK(store.list(example_layout.backup(half)).empty());
  for (const auto& name :
       {example_label, lost, copied, example_label + ".bak", std::string{"notes"}})
    CHECK_FALSE(store.list(example_layout.backup(name)).empty());
  CHECK(store.stat(example_layout.backups() / "README"));
  CHECK(backup::clear_remains(store, example_layout, judge).removed.empty());
}

TEST_CASE("whose remains they are is told by the catalog") {
  namespace status = catalog::status;
  const auto judged = [](const char* state, const char* copy) {
    catalog::BackupRecord record;
    record.status = state;
    auto& known = record.copies.emplace_back();
    known.store = "local";
    known.state = copy;
    return backup::judge_remains(record, "local");
  };
  using backup::Remains;
  CHECK(judged(status::failed, status::failed) == Remains::of_a_run);
  CHECK(judged(status::cancelled, status::cancelled) == Remains::of_a_run);
  CHECK(judged(status::partial, status::failed) == Remains::of_a_run);
  CHECK(judged(status::completed, status::purged) == Remains::of_a_run);
  CHECK(judged(status::completed, status::completed) == Remains::of_a_backup);
  CHECK(judged(status::running, status::running) == Remains::of_nobody);
  CHECK(backup::judge_remains(std::nullopt, "local") == Remains::of_nobody);
  catalog::BackupRecord elsewhere;
  elsewhere.status = status::completed;
  CHECK(backup::judge_remains(elsewhere, "local") == Remains::of_nobody);
}

TEST_CASE("a backup whose removal was broken off is cleared away, whatever the catalog says") {
  const Stored backup{"content"};
  test::FaultyStore faulty{*backup.store};
  faulty.fail_at(test::FaultyStore::Operation::remove, 2);
  backup::RemovedObjects removed;
  CHECK_THROWS_AS(backup::remove_backup(faulty, example_layout, example_label, night, removed),
                  util::Error);
  const auto cleared = backup::clear_remains(
      *backup.store, example_layout, [](const auto&) { return backup::Remains::of_a_backup; });
  CHECK(cleared.removed == std::vector<std::string>{example_label});
  CHECK(backup.store->list(example_layout.root()).empty());
}

TEST_CASE("of a backup that is removed the manifest goes first") {
  const Stored backup{"content"};
  test::FaultyStore faulty{*backup.store};
  faulty.fail_at(test::FaultyStore::Operation::remove, 2);
  backup::RemovedObjects removed;
  CHECK_THROWS_AS(backup::remove_backup(faulty, example_layout, example_label, night, removed),
                  util::Error);
  CHECK(removed.objects == 1);
  CHECK_FALSE(backup.store->stat(example_layout.manifest(example_label)));
  CHECK(backup.store->stat(example_layout.part(example_label, "dump.pgc.zst")));
  backup::remove_backup(faulty, example_layout, example_label, night, removed);
  CHECK(removed.objects == 2);
  CHECK(backup.store->list(example_layout.root()).empty());
}

TEST_CASE("marks tell what happened later, the newest of a pair counts") {
  const Stored backup{"data"};
  const auto at = [](int hour) {
    return util::parse_time("2026-11-21") + std::chrono::hours{hour};
  };
  backup::write_mark(*backup.store, example_layout, example_label, "verified", at(3),
                     {{"level", "restore"}});
  backup::write_mark(*backup.store, example_layout, example_label, "held", at(4),
                     {{"until", nullptr}, {"reason", "audit"}});
  auto marks = backup::read_marks(*backup.store, example_layout, example_label);
  CHECK(marks.verified);
  CHECK(marks.verified_at == at(3));
  CHECK(marks.held_until == catalog::forever);
  CHECK(marks.hold_reason == "audit");
  backup::write_mark(*backup.store, example_layout, example_label, "released", at(5),
                     nlohmann::json::object());
  backup::write_mark(*backup.store, example_layout, example_label, "failed", at(6),
                     {{"level", "checksum"}});
  marks = backup::read_marks(*backup.store, example_layout, example_label);
  CHECK_FALSE(marks.held_until);
  CHECK(marks.verified);
  CHECK(marks.verified_at == at(3));
  CHECK(marks.checked_at == at(6));
  CHECK_FALSE(marks.copy_error.empty());
}

TEST_CASE("what failed of a copy is taken back by `intact`, what failed of a backup is not") {
  const Stored backup{"data"};
  const auto at = [](int hour) {
    return util::parse_time("2026-11-21") + std::chrono::hours{hour};
  };
  const auto mark = [&](const char* kind, int hour, const nlohmann::json& details) {
    backup::write_mark(*backup.store, example_layout, example_label, kind, at(hour), details);
    return backup::read_marks(*backup.store, example_layout, example_label);
  };
  const auto record = [&] {
    auto made =
        backup::to_record(*backup::read_backup(*backup.store, example_layout, example_label),
                          example_layout, "a", "memory:");
    backup::doubt_if_no_copy_is_sound(made);
    return made;
  };
  mark("verified", 1, {{"level", "restore"}});
  auto marks = mark("failed", 2, {{"level", "restore"}, {"scope", "copy"}, {"error", "short"}});
  CHECK(marks.verified);
  CHECK(marks.copy_error == "short");
  CHECK(record().failed_verification());
  CHECK(record().verified_at == at(2));
  CHECK(record().verification_error() == "short");
  CHECK(record().copies.at(0).damaged());

  marks = mark("intact", 3, {{"level", "checksum"}});
  CHECK(marks.copy_error.empty());
  CHECK(marks.checked_at == at(3));
  CHECK(record().verified);
  CHECK(record().verified_at == at(1));
  CHECK(record().copies.at(0).sound());

  mark("failed", 4, {{"level", "restore"}, {"scope", "backup"}, {"error", "rows differ"}});
  mark("intact", 5, {{"level", "checksum"}});
  mark("unheard of", 6, {{"level", "checksum"}});
  CHECK(record().failed_verification());
  CHECK(record().verification_error() == "rows differ");
  CHECK(record().copies.at(0).sound());
}

TEST_CASE("one sound copy is enough") {
  catalog::BackupRecord record;
  record.verified = true;
  record.verified_at = util::parse_time("2026-11-21");
  for (const auto* error : {"bad", ""}) {
    auto& copy = record.copies.emplace_back();
    copy.state = catalog::status::completed;
    copy.error_message = error;
    copy.last_checked_at = util::parse_time("2026-11-22");
  }
  backup::doubt_if_no_copy_is_sound(record);
  CHECK(record.verified);
  record.copies[1].error_message = "bad too";
  backup::doubt_if_no_copy_is_sound(record);
  CHECK(record.failed_verification());
}

TEST_CASE("a store without a site file, or of another cluster, is not written to") {
  store::MemoryStore store;
  CHECK_THROWS_WITH(backup::require_site_file(store, example_layout, "1"), Contains("site.json"));
  backup::write_site_file(store, example_layout,
                          {"studio", "7300", util::parse_time("2026-11-21")});
  CHECK_NOTHROW(backup::require_site_file(store, example_layout, "7300"));
  CHECK_NOTHROW(backup::require_site_file(store, example_layout, ""));
  const auto error =
      test::error_of([&] { backup::require_site_file(store, example_layout, "7301"); });
  CHECK(error.kind() == util::ErrorKind::refused);
}
