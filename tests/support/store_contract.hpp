#pragma once

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"
#include "stream/sinks.hpp"
#include "support/recording_sink.hpp"
#include "util/error.hpp"

namespace bkp::test {

inline void put(store::Store& store, const std::string& key, std::string_view text) {
  store::put_text(store, store::Key{key}, text);
}

inline std::vector<std::string> keys_below(store::Store& store, const std::string& prefix) {
  std::vector<std::string> keys;
  for (const auto& object : store.list(store::Key{prefix})) keys.push_back(object.key);
  return keys;
}

inline std::optional<std::string> fetched(store::Store& store, const std::string& key,
                                          std::optional<store::ByteRange> range = std::nullopt) {
  stream::StringSink text;
  if (!store.fetch(store::Key{key}, range, text)) return std::nullopt;
  CHECK_FALSE(text.finished());
  return text.text();
}

/// The error that `body` throws, checked to be a store's: kind, URL and key.
template <class Body>
util::Error store_error_of(store::Store& store, const std::string& key, Body body) {
  try {
    body();
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::store);
    CHECK(error.message().find(store.url()) != std::string::npos);
    CHECK(error.message().find(key) != std::string::npos);
    return error;
  }
  FAIL("no error was thrown");
  return util::Error{util::ErrorKind::internal, ""};
}

using MakeStore = std::function<std::unique_ptr<store::Store>()>;

inline void check_objects(const MakeStore& make_store) {
  const auto store = make_store();
  SECTION("what was put is there, with its size and time") {
    const auto before = std::chrono::system_clock::now() - std::chrono::minutes{15};
    put(*store, "studio/backups/a/manifest.json", "contents");
    const auto info = store->stat(store::Key{"studio/backups/a/manifest.json"});
    REQUIRE(info);
    CHECK(info->key == "studio/backups/a/manifest.json");
    CHECK(info->size == 8);
    CHECK(info->modified > before);
    CHECK(fetched(*store, "studio/backups/a/manifest.json") == "contents");
    CHECK(store::get_text(*store, store::Key{"studio/backups/a/manifest.json"}) == "contents");
  }
  SECTION("what was not put is absent, and no error") {
    put(*store, "studio/a/b", "x");
    for (const std::string key :
         {"none", "studio/none", "studio/a", "studio/a/b/c", "studio/a/b2"}) {
      CAPTURE(key);
      CHECK_FALSE(store->stat(store::Key{key}));
      CHECK_FALSE(fetched(*store, key));
      CHECK_FALSE(store::get_text(*store, store::Key{key}));
      CHECK_FALSE(store->remove(store::Key{key}));
    }
    CHECK(keys_below(*store, "none").empty());
    CHECK(keys_below(*store, "studio/none").empty());
  }
  SECTION("an empty object is an object") {
    put(*store, "studio/empty", "");
    CHECK(store->stat(store::Key{"studio/empty"})->size == 0);
    CHECK(fetched(*store, "studio/empty") == "");
  }
  SECTION("a large object, written in uneven pieces, comes back as it was") {
    const std::string text = noise(5'000'011);
    const auto sink = store->create(store::Key{"studio/large"});
    std::string_view rest = text;
    for (std::size_t size = 1; !rest.empty(); size = size * 3 % 1'000'003) {
      const std::size_t taken = std::min(size, rest.size());
      sink->write(bytes_of(rest.substr(0, taken)));
      rest.remove_prefix(taken);
    }
    sink->finish();
    CHECK((fetched(*store, "studio/large") == text));
  }
  SECTION("names may hold what a file name can") {
    const std::string key = "studio/ü 日本/-rf *?\"'$(x);#%25&+ ~/" + std::string(255, 'n');
    put(*store, key, "x");
    CHECK(fetched(*store, key) == "x");
    CHECK(keys_below(*store, "studio") == std::vector<std::string>{key});
    CHECK(store->remove(store::Key{key}));
  }
}

inline void check_ranges(const MakeStore& make_store) {
  const auto store = make_store();
  put(*store, "studio/digits", "0123456789");
  CHECK(fetched(*store, "studio/digits", store::ByteRange{0, 4}) == "0123");
  CHECK(fetched(*store, "studio/digits", store::ByteRange{3, 4}) == "3456");
  CHECK(fetched(*store, "studio/digits", store::ByteRange{8, 100}) == "89");
  CHECK(fetched(*store, "studio/digits", store::ByteRange{10, 1}) == "");
  CHECK(fetched(*store, "studio/digits", store::ByteRange{~0ULL, ~0ULL}) == "");
  CHECK(fetched(*store, "studio/digits", store::ByteRange{5, 0}) == "");
  CHECK_FALSE(fetched(*store, "studio/none", store::ByteRange{0, 4}));

  CHECK(store::get_text(*store, store::Key{"studio/digits"}, 10) == "0123456789");
  try {
    store::get_text(*store, store::Key{"studio/digits"}, 9);
    FAIL("the limit was passed");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::damaged);
    CHECK(error.message().find("studio/digits") != std::string::npos);
  }
}

inline void check_visibility(const MakeStore& make_store) {
  const auto store = make_store();
  const store::Key key{"studio/backups/a/part"};
  const auto check_absent = [&] {
    CHECK_FALSE(store->stat(key));
    CHECK_FALSE(fetched(*store, key.text()));
    CHECK(keys_below(*store, "studio").empty());
  };
  SECTION("an object is visible only once it is finished") {
    const auto sink = store->create(key);
    check_absent();
    sink->write(bytes_of("contents"));
    check_absent();
    sink->finish();
    CHECK(fetched(*store, key.text()) == "contents");
  }
  SECTION("an aborted object never was") {
    const auto sink = store->create(key);
    sink->write(bytes_of("contents"));
    sink->abort();
    sink->abort();
    check_absent();
    CHECK(store->remove_unfinished(store::Key{"studio"}, store::whenever).empty());
  }
  SECTION("a forgotten object never was") {
    store->create(key)->write(bytes_of("contents"));
    check_absent();
    CHECK(store->remove_unfinished(store::Key{"studio"}, store::whenever).empty());
  }
  SECTION("abort after finish does nothing") {
    const auto sink = store->create(key);
    sink->write(bytes_of("contents"));
    sink->finish();
    sink->abort();
    CHECK(fetched(*store, key.text()) == "contents");
  }
}

inline void check_no_overwrite(const MakeStore& make_store) {
  const auto store = make_store();
  const store::Key key{"studio/a"};
  const auto put_again = [&] { put(*store, key.text(), "second"); };
  SECTION("an existing object stays as it is") {
    put(*store, key.text(), "first");
    store_error_of(*store, key.text(), put_again);
    CHECK(fetched(*store, key.text()) == "first");
  }
  SECTION("of two writers the first to finish wins") {
    const auto first = store->create(key);
    const auto second = store->create(key);
    second->write(bytes_of("second"));
    first->write(bytes_of("first"));
    second->finish();
    store_error_of(*store, key.text(), [&] { first->finish(); });
    first->abort();
    CHECK(fetched(*store, key.text()) == "second");
  }
  SECTION("a removed key is free again") {
    put(*store, key.text(), "first");
    CHECK(store->remove(key));
    put_again();
    CHECK(fetched(*store, key.text()) == "second");
  }
}

inline void check_listing(const MakeStore& make_store) {
  const auto store = make_store();
  for (const std::string key : {"s/b/2", "s/b/1", "s/b-x", "s/a", "s/b/1a", "sb", "s/ä", "s/Z"}) {
    put(*store, key, key);
  }
  using Keys = std::vector<std::string>;
  CHECK(keys_below(*store, "s") == Keys{"s/Z", "s/a", "s/b-x", "s/b/1", "s/b/1a", "s/b/2", "s/ä"});
  CHECK(keys_below(*store, "s/b") == Keys{"s/b/1", "s/b/1a", "s/b/2"});
  CHECK(keys_below(*store, "s/b/1") == Keys{"s/b/1"});
  CHECK(keys_below(*store, "sb") == Keys{"sb"});
  CHECK(store->list(store::Key{"s/b/1a"}).at(0).size == 6);
  CHECK(store->names(store::Key{"s"}) == Keys{"Z", "a", "b", "b-x", "ä"});
  CHECK(store->names(store::Key{"s/b"}) == Keys{"1", "1a", "2"});
  CHECK(store->names(store::Key{"s/b/1"}).empty());
  CHECK(store->names(store::Key{"none"}).empty());

  CHECK(store->remove(store::Key{"s/b/1"}));
  CHECK(keys_below(*store, "s/b") == Keys{"s/b/1a", "s/b/2"});
  CHECK_FALSE(store->remove(store::Key{"s/b/1"}));
  CHECK_FALSE(store->remove(store::Key{"s/b"}));
  CHECK(store->remove(store::Key{"s/b/1a"}));
  CHECK(store->remove(store::Key{"s/b/2"}));
  CHECK(keys_below(*store, "s/b").empty());
}

inline void check_removal_of_many(const MakeStore& make_store) {
  const auto store = make_store();
  const std::string odd = "s/ü <&>\"' %41+";
  for (const std::string key : {"s/a", "s/b/c", "s/kept", odd.c_str()}) put(*store, key, "x");
  store->remove_all({});
  store->remove_all(
      {store::Key{"s/a"}, store::Key{"s/none"}, store::Key{"s/b/c"}, store::Key{odd}});
  CHECK(keys_below(*store, "s") == std::vector<std::string>{"s/kept"});
}

inline void check_fetch_errors(const MakeStore& make_store) {
  const auto store = make_store();
  put(*store, "studio/a", "contents");
  Recording recording;
  recording.on_write = [] { throw util::Error{util::ErrorKind::damaged, "the sink's own"}; };
  RecordingSink sink{recording};
  try {
    store->fetch(store::Key{"studio/a"}, std::nullopt, sink);
    FAIL("the error was swallowed");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::damaged);
    CHECK(error.message() == "the sink's own");
  }
  CHECK(recording.finished == 0);
}

inline void check_threads(const MakeStore& make_store) {
  const auto store = make_store();
  std::atomic<int> winners = 0;
  std::vector<std::future<void>> writers;
  for (unsigned writer = 0; writer < 4; ++writer) {
    writers.push_back(std::async(std::launch::async, [&, writer] {
      const std::string own = "studio/w" + std::to_string(writer) + "/x";
      for (int round = 0; round < 20; ++round) {
        // Directories come and go under the feet of the others.
        put(*store, own, noise(1000, writer));
        store->list(store::Key{"studio"});
        store->remove(store::Key{own});
        try {
          put(*store, "studio/shared/" + std::to_string(round), noise(1000, writer));
          ++winners;
        } catch (const util::Error& error) {
          // Catch's assertions are for one thread.
          if (error.message().find("shared") == std::string::npos) throw;
        }
      }
    }));
  }
  for (auto& writer : writers) writer.get();
  CHECK(winners == 20);
  CHECK(keys_below(*store, "studio").size() == 20);
  CHECK(keys_below(*store, "studio/shared").size() == 20);
}

/// What store.hpp promises of every store. `make_store` gives an empty store each time, which the
/// caller's scope keeps usable. To be called within a TEST_CASE.
inline void check_store_contract(const MakeStore& make_store) {
  SECTION("objects") {
    check_objects(make_store);
  }
  SECTION("ranges") {
    check_ranges(make_store);
  }
  SECTION("visibility") {
    check_visibility(make_store);
  }
  SECTION("no overwrite") {
    check_no_overwrite(make_store);
  }
  SECTION("listing") {
    check_listing(make_store);
  }
  SECTION("removal of many") {
    check_removal_of_many(make_store);
  }
  SECTION("errors of the sink fetched into") {
    check_fetch_errors(make_store);
  }
  SECTION("threads") {
    check_threads(make_store);
  }
  SECTION("the url and the space") {
    const auto store = make_store();
    CHECK_FALSE(store->url().empty());
    if (const auto space = store->space()) CHECK(space->available <= space->capacity);
  }
}

}  // namespace bkp::test
