#include <catch2/catch.hpp>

#include "seal/keys.hpp"
#include "store/memory_store.hpp"
#include "stream/sinks.hpp"
#include "support/error_of.hpp"
#include "support/recording_sink.hpp"
#include "wal/decoding.hpp"
#include "wal/encoding.hpp"

using namespace bkp;
using namespace bkp::wal;
using namespace bkp::test;

namespace {

const std::string segment = "000000010000000A000000FF";

struct Bench {
  seal::Identity identity = seal::Identity::generate();
  seal::SigningKey signing_key = seal::SigningKey::generate();
  store::MemoryStore store;
  std::string text = noise(300'000);

  ArchivedName archive(bool sealed, bool is_signed, const std::string& name = segment) {
    Encoding encoding;
    encoding.scratch = "/tmp";
    if (sealed) encoding.recipients = {identity.recipient()};
    if (is_signed) encoding.signing_key = seal::SigningKey{std::move(signing_key)};
    Description description;
    description.site = "studio";
    description.system_identifier = "7";
    description.name = name;
    const auto file = encode(std::move(description), encoding,
                             [&](stream::Sink& sink) { sink.write(bytes_of(text)); });
    const auto object = store.create(archive_key("studio", name, encoding.sealing()));
    file.write_to(*object);
    object->finish();
    if (is_signed) signing_key = std::move(*encoding.signing_key);
    return {name, encoding.sealing()};
  }
  ArchiveKeys keys() const { return {{{identity}, {}}, {}, false}; }
  std::string bytes_of_object(const ArchivedName& name) {
    return store::get_text(store, archive_key("studio", name.name, name.sealing)).value();
  }
  void put_object(const ArchivedName& name, const std::string& bytes) {
    const auto key = archive_key("studio", name.name, name.sealing);
    store.remove(key);
    store::put_text(store, key, bytes);
  }
  std::string fetched(const ArchivedName& name, const ArchiveKeys& with) {
    stream::StringSink file;
    REQUIRE(fetch_file(store, "studio", name, with, file));
    CHECK(file.finished());
    return file.text();
  }
};

}  // namespace

TEST_CASE("an archived file comes back, and says of itself what it is") {
  Bench bench;
  // In one frame, and in several.
  bench.text = noise(GENERATE(300'000U, 5'000'000U));
  const bool sealed = GENERATE(false, true);
  const auto name = bench.archive(sealed, false);
  CHECK(bench.fetched(name, bench.keys()) == bench.text);
  const auto head = describe(bench.store, "studio", name, bench.keys());
  REQUIRE(head);
  CHECK(head->name == segment);
  CHECK(head->original_bytes == bench.text.size());
  CHECK_FALSE(
      describe(bench.store, "studio", {"000000010000000A000000FE", name.sealing}, bench.keys()));
  // Without a key it can be proven, and not opened.
  CHECK(check_stored(bench.store, "studio", name, {}));
  if (sealed) {
    stream::NullSink nowhere;
    CHECK(error_of([&] { fetch_file(bench.store, "studio", name, {}, nowhere); }).kind() ==
          util::ErrorKind::key);
  }
}

TEST_CASE("no byte of an object can be changed unnoticed") {
  Bench bench;
  bench.text = noise(3000);
  const bool sealed = GENERATE(false, true);
  const auto name = bench.archive(sealed, false);
  const auto good = bench.bytes_of_object(name);
  std::size_t unnoticed = 0;
  for (std::size_t at = 0; at < good.size(); at += 7) {
    auto changed = good;
    changed[at] ^= 4;
    bench.put_object(name, changed);
    stream::NullSink nowhere;
    try {
      fetch_file(bench.store, "studio", name, bench.keys(), nowhere);
      // What it says of time, host and version is not proven without a signature.
      ++unnoticed;
    } catch (const util::Error& error) {
      const bool known =
          error.kind() == util::ErrorKind::damaged || error.kind() == util::ErrorKind::key;
      CHECK(known);
    }
  }
  if (sealed) CHECK(unnoticed == 0);
  if (!sealed) CHECK(unnoticed < 20);
}

TEST_CASE("an object that is cut, or another's, is damaged") {
  Bench bench;
  const bool sealed = GENERATE(false, true);
  const auto name = bench.archive(sealed, false);
  const auto other = bench.archive(sealed, false, "000000010000000A000000FE");
  const auto good = bench.bytes_of_object(name);
  const auto damaged = [&](const std::string& bytes) {
    bench.put_object(name, bytes);
    CHECK(error_of([&] { check_stored(bench.store, "studio", name, bench.keys()); }).kind() ==
          util::ErrorKind::damaged);
  };
  for (const std::size_t kept :
       {std::size_t{0}, std::size_t{3}, std::size_t{100}, good.size() / 2, good.size() - 1})
    damaged(good.substr(0, kept));
  damaged(good + "x");
  damaged(bench.bytes_of_object(other));
}

TEST_CASE("a signature is asked for where keys are trusted, and refused where none is") {
  Bench bench;
  const auto name = bench.archive(true, true);
  const auto refused = [&](const ArchiveKeys& keys) {
    return error_of([&] { check_stored(bench.store, "studio", name, keys); }).message();
  };
  CHECK_THAT(refused(bench.keys()), Catch::Matchers::Contains("no key is given"));
  auto trusting = bench.keys();
  trusting.trusted.add(seal::SigningKey::generate(), "other.pub");
  CHECK_THAT(refused(trusting), Catch::Matchers::Contains("no trusted key has signed"));
  trusting.trusted.add(std::move(bench.signing_key), "own.pub");
  CHECK(check_stored(bench.store, "studio", name, trusting));
}
