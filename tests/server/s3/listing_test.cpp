#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "bench.hpp"
#include "support/store_contract.hpp"

using namespace bkp;
using namespace bkp::test;

TEST_CASE("more than a thousand objects are listed, and as many names") {
  constexpr int count = 1'050;
  S3Bench bench;
  std::atomic<int> next = 0;
  std::vector<std::future<void>> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.push_back(std::async(std::launch::async, [&] {
      for (int number = next++; number < count; number = next++)
        bench.ask("PUT", "/some/prefix/many/" + std::to_string(number) + "/x", {}, "x");
    }));
  }
  for (auto& writer : writers) writer.get();
  const auto store = bench.open();
  std::vector<std::string> names;
  for (int number = 0; number < count; ++number) names.push_back(std::to_string(number));
  std::sort(names.begin(), names.end());
  CHECK(store->names(store::Key{"many"}) == names);
  auto keys = names;
  for (auto& key : keys) key = "many/" + key + "/x";
  std::sort(keys.begin(), keys.end());
  CHECK(keys_below(*store, "many") == keys);
  std::vector<store::Key> all;
  for (const auto& key : keys) all.emplace_back(key);
  store->remove_all(all);
  CHECK(keys_below(*store, "many").empty());
}

TEST_CASE("what cannot be removed together is removed one by one") {
  ProxiedBench bench;
  const auto store = bench.open();
  const std::vector<store::Key> both{store::Key{"studio/a"}, store::Key{"studio/b"}};
  for (const auto& key : both) put(*store, key.text(), "x");
  SECTION("where the service knows no such request") {
    bench.proxy.answer("?delete=",
                       http_answer("501 Not Implemented", error_body("NotImplemented")));
    store->remove_all(both);
    CHECK(bench.requests("DELETE ") == 2);
  }
  SECTION("where one of them was refused") {
    bench.proxy.answer("?delete=", http_answer("200 OK",
                                               "<DeleteResult><Error><Key>some/prefix/studio/b"
                                               "</Key><Code>InternalError</Code></Error>"
                                               "</DeleteResult>"));
    store->remove_all(both);
    CHECK(bench.requests("DELETE ") == 1);
    // The answer was a lie about the other one.
    CHECK(store->remove(both.front()));
  }
  CHECK(bench.proxy.counts().answered == 1);
  CHECK_FALSE(bench.has_objects());
}

TEST_CASE("what others left in a bucket is no object of a store") {
  S3Bench bench;
  const auto store = bench.open();
  put(*store, "studio/own", "x");
  for (const char* key : {"studio/", "studio/folder/", "studio//double", "studio/control%01x",
                          "studio/control%01/x", "studio/.bkp-x", "studio/back%5Cslash"}) {
    CAPTURE(key);
    CHECK(bench.ask("PUT", std::string{"/some/prefix/"} + key, {}, "x").status == 200);
  }
  CHECK(keys_below(*store, "studio") == std::vector<std::string>{"studio/own"});
  CHECK(store->names(store::Key{"studio"}) == std::vector<std::string>{"folder", "own"});
}

TEST_CASE("a list that is cut off in the middle is asked for again") {
  ProxiedBench bench;
  const auto store = bench.open();
  put(*store, "studio/own", "x");
  bench.proxy.running({Damage::cut, Direction::answer, 400});
  CHECK(keys_below(*store, "studio") == std::vector<std::string>{"studio/own"});
  CHECK(bench.proxy.counts().cut == 1);
}

TEST_CASE("an answer that is no list is an error") {
  ProxiedBench bench;
  const auto store = bench.open();
  bench.proxy.answer("list-type=2", http_answer("200 OK", "<html>Welcome!</html>"));
  const auto error = store_error_of(*store, "studio", [&] { store->list(store::Key{"studio"}); });
  CHECK(error.message().find("not what S3 prescribes") != std::string::npos);
}

TEST_CASE("an object whose removal is repeated is removed once") {
  ProxiedBench bench;
  const auto store = bench.open();
  put(*store, "studio/a", "x");
  bench.proxy.lose_answer("DELETE ");
  CHECK(store->remove(store::Key{"studio/a"}));
  CHECK(bench.proxy.counts().lost_answers == 1);
  CHECK_FALSE(store->remove(store::Key{"studio/a"}));
}
