#include <catch2/catch.hpp>
#include <csignal>
#include <future>

#include "bench.hpp"
#include "support/error_of.hpp"
#include "support/store_contract.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using util::ErrorKind;

namespace {

constexpr std::size_t part = std::size_t{8} << 20U;

/// 40 MiB and a little: six parts.
const std::string& six_parts() {
  static const std::string text = noise(5 * part + 12345);
  return text;
}

}  // namespace

TEST_CASE("a large object goes up in parts, and is whole") {
  ProxiedBench bench;
  bench.options.parallel = 8;
  const auto store = bench.open();
  put(*store, "studio/large", six_parts());
  CHECK(bench.requests("partNumber=") == 6);
  CHECK(bench.proxy.counts().connections > 1);
  CHECK((bench.raw("studio/large") == six_parts()));
  const auto listed = bench.listed("?list-type=2");
  CHECK(listed.find("-6&quot;</ETag>") != std::string::npos);
  CHECK(store->stat(store::Key{"studio/large"})->size == six_parts().size());
  CHECK_FALSE(bench.has_uploads());
}

TEST_CASE("what fits one part is one request") {
  ProxiedBench bench;
  const auto store = bench.open();
  put(*store, "studio/full", six_parts().substr(0, part));
  CHECK(bench.requests("uploads") == 0);
  put(*store, "studio/more", six_parts().substr(0, part + 1));
  CHECK(bench.requests("partNumber=") == 2);
  CHECK((bench.raw("studio/full") == six_parts().substr(0, part)));
  CHECK((bench.raw("studio/more") == six_parts().substr(0, part + 1)));
}

TEST_CASE("a large object is not overwritten, whoever was quicker") {
  S3Bench bench;
  const auto store = bench.open();
  const auto sink = store->create(store::Key{"studio/large"});
  sink->write(bytes_of(six_parts()));
  bench.ask("PUT", "/some/prefix/studio/large", {}, "another writer's");
  const auto error = store_error_of(*store, "studio/large", [&] { sink->finish(); });
  CHECK(error.message().find("exists already") != std::string::npos);
  sink->abort();
  CHECK(bench.raw("studio/large") == "another writer's");
  CHECK_FALSE(bench.has_uploads());
}

TEST_CASE("parts that fail are sent again, and only those") {
  ProxiedBench bench;
  const auto store = bench.open();
  SECTION("the server is busy") {
    bench.proxy.answer("partNumber=2",
                       http_answer("503 Slow Down", error_body("SlowDown"), "Retry-After: 0\r\n"),
                       2);
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().answered == 2);
    CHECK(bench.requests("partNumber=") == 8);
  }
  SECTION("connections are cut") {
    bench.proxy.next({Damage::cut, Direction::request, 3'000'000}, 3);
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().cut >= 1);
  }
  SECTION("connections are reset") {
    bench.proxy.next({Damage::reset, Direction::request, 3'000'000}, 3);
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().reset >= 1);
  }
  SECTION("a connection stalls") {
    bench.proxy.next({Damage::stall, Direction::request, 3'000'000});
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().stalled == 1);
  }
  SECTION("a byte is damaged on its way") {
    bench.proxy.next({Damage::flip, Direction::request, 3'000'000});
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().flipped == 1);
  }
  SECTION("an answer is lost") {
    bench.proxy.lose_answer("partNumber=3");
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().lost_answers == 1);
    CHECK(bench.requests("partNumber=3") == 2);
  }
  CHECK((bench.raw("studio/large") == six_parts()));
  CHECK_FALSE(bench.has_uploads());
}

TEST_CASE("a small object that fails is sent again") {
  ProxiedBench bench;
  const auto store = bench.open();
  SECTION("the server has an error") {
    bench.proxy.answer("PUT ", http_answer("500 Oh", error_body("InternalError")), 2);
    put(*store, "studio/small", "contents");
    CHECK(bench.proxy.counts().answered == 2);
  }
  SECTION("the answer is lost, so that the next attempt finds it there") {
    bench.proxy.lose_answer("PUT ");
    put(*store, "studio/small", "contents");
    CHECK(bench.proxy.counts().lost_answers == 1);
  }
  SECTION("all answers are lost, and a look finds it there") {
    bench.proxy.lose_answer("PUT ", 4);
    put(*store, "studio/small", "contents");
    CHECK(bench.proxy.counts().lost_answers == 4);
  }
  CHECK(bench.raw("studio/small") == "contents");
}

TEST_CASE("another writer's object is not taken for one's own when an answer is lost") {
  ProxiedBench bench;
  const auto store = bench.open();
  bench.proxy.answer("HEAD ", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  bench.ask("PUT", "/some/prefix/studio/small", {}, "contents");
  store_error_of(*store, "studio/small", [&] { put(*store, "studio/small", "contents"); });
  CHECK(bench.proxy.counts().answered == 1);
}

TEST_CASE("an upload whose completion is unclear is looked at") {
  ProxiedBench bench;
  const auto store = bench.open();
  SECTION("the answer is lost") {
    bench.proxy.lose_answer("?uploadId=");
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().lost_answers == 1);
  }
  SECTION("every answer is lost") {
    bench.proxy.lose_answer("?uploadId=", 4);
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().lost_answers == 4);
  }
  SECTION("it fails behind a 200, and the next attempt does not") {
    bench.proxy.answer("POST /" + bench.bucket + "/some/prefix/studio/large?uploadId=",
                       http_answer("200 OK", "  \n" + error_body("InternalError")));
    put(*store, "studio/large", six_parts());
    CHECK(bench.proxy.counts().answered == 1);
  }
  CHECK(bench.requests("partNumber=") == 6);
  CHECK((bench.raw("studio/large") == six_parts()));
  CHECK_FALSE(bench.has_uploads());
}

TEST_CASE("an upload that cannot be completed is an error and leaves nothing") {
  ProxiedBench bench;
  const auto store = bench.open();
  const std::string complete = "POST /" + bench.bucket + "/some/prefix/studio/large?uploadId=";
  std::string expected;
  SECTION("an error behind a 200") {
    expected = "200 InternalError";
    bench.proxy.answer(complete, http_answer("200 OK", error_body("InternalError")), 4);
  }
  SECTION("a 200 for nothing") {
    expected = "it is not there";
    bench.proxy.answer(complete, http_answer("200 OK", "<CompleteMultipartUploadResult/>"));
  }
  const auto error =
      store_error_of(*store, "studio/large", [&] { put(*store, "studio/large", six_parts()); });
  CHECK(error.message().find(expected) != std::string::npos);
  CHECK(bench.proxy.counts().answered >= 1);
  CHECK_FALSE(bench.has_uploads());
  CHECK_FALSE(bench.has_objects());
}

TEST_CASE("an object that is not what was sent is refused and removed") {
  ProxiedBench bench;
  bench.patience.backoff.most = std::chrono::seconds{1};
  const auto store = bench.open();
  const auto sink = store->create(store::Key{"studio/large"});
  sink->write(bytes_of(six_parts()));
  // The object is there and the writer still waits for an answer.
  const std::string complete = "POST /" + bench.bucket + "/some/prefix/studio/large?uploadId=";
  bench.proxy.lose_answer(complete);
  bench.proxy.answer(complete, http_answer("503 Slow Down", {}, "Retry-After: 1\r\n"));
  auto finished = std::async(std::launch::async, [&] { sink->finish(); });
  REQUIRE(wait_until([&] { return bench.proxy.counts().answered == 1; }));
  const auto head = bench.ask("HEAD", "/some/prefix/studio/large").head;
  const auto mark = head.substr(head.find("x-amz-meta-bkp-upload"));
  bench.ask("PUT", "/some/prefix/studio/large", {mark.substr(0, mark.find('\r'))}, "damaged");
  const auto error = store_error_of(*store, "studio/large", [&] { finished.get(); });
  CHECK(error.message().find("the server made 7 bytes") != std::string::npos);
  CHECK_FALSE(bench.has_objects());
}

TEST_CASE("a server that knows no conditional put is asked without, after a look") {
  ProxiedBench bench;
  const auto store = bench.open();
  const auto [answer, times] = GENERATE(table<std::string, int>({
      {http_answer("501 Not Implemented", error_body("NotImplemented")), 1},
      {http_answer("400 Bad Request", error_body("InvalidArgument")), 1},
  }));
  bench.proxy.answer("PUT ", answer, times);
  put(*store, "studio/a", "first");
  CHECK(bench.requests("PUT ") == 2);
  CHECK(bench.raw("studio/a") == "first");
  store_error_of(*store, "studio/a", [&] { put(*store, "studio/a", "second"); });
  CHECK(bench.raw("studio/a") == "first");
  put(*store, "studio/b", "first");
  CHECK(bench.requests("PUT ") == 3);
}

TEST_CASE("an interrupted upload ends at once and leaves nothing") {
  ProxiedBench bench;
  bench.patience.stall_limit = std::chrono::seconds{60};
  const auto store = bench.open();
  const auto sink = store->create(store::Key{"studio/large"});
  sink->write(bytes_of(six_parts().substr(0, 2 * part)));
  CHECK(wait_until([&] { return bench.requests("partNumber=1") == 1; }));
  bench.proxy.running({Damage::stall, Direction::request, 0});
  bench.interrupt.request(SIGTERM);
  const auto error = error_of([&] {
    sink->write(bytes_of(six_parts()));
    sink->finish();
  });
  CHECK(error.kind() == ErrorKind::interrupted);
  sink->abort();
  CHECK_FALSE(bench.has_uploads());
  CHECK_FALSE(bench.has_objects());
}

TEST_CASE("an upload whose parts are refused fails, and leaves nothing") {
  ProxiedBench bench;
  const auto store = bench.open();
  bench.proxy.answer("partNumber=2", http_answer("503 Slow Down", error_body("SlowDown")), 4);
  const auto sink = store->create(store::Key{"studio/large"});
  const auto error = store_error_of(*store, "studio/large", [&] {
    sink->write(bytes_of(six_parts()));
    sink->finish();
  });
  CHECK(error.message().find("503 SlowDown") != std::string::npos);
  sink->abort();
  CHECK_FALSE(bench.has_uploads());
  CHECK_FALSE(bench.has_objects());
}

TEST_CASE("a part that is refused ends the others, which may be stuck") {
  ProxiedBench bench;
  bench.patience.stall_limit = std::chrono::seconds{60};
  // The first connection, which the first part will use again.
  bench.proxy.next({Damage::stall, Direction::request, 3'000'000});
  const auto store = bench.open();
  const auto sink = store->create(store::Key{"studio/large"});
  const auto begun = std::chrono::steady_clock::now();
  sink->write(bytes_of(six_parts()).first(part + 1));
  REQUIRE(wait_until([&] { return bench.proxy.counts().stalled == 1; }));
  bench.proxy.answer("partNumber=2", http_answer("403 Forbidden", error_body("AccessDenied")));
  const auto error = store_error_of(*store, "studio/large", [&] {
    sink->write(bytes_of(six_parts()));
    sink->finish();
  });
  CHECK(error.message().find("403 AccessDenied") != std::string::npos);
  sink->abort();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{30});
  CHECK(bench.proxy.counts().answered == 1);
  CHECK_FALSE(bench.has_uploads());
}

TEST_CASE("what crashed uploads left below a prefix is removed, and nothing beside it") {
  S3Bench bench;
  const auto store = bench.open();
  put(*store, "studio/kept", "x");
  for (const char* key : {"studio/a", "studio/a", "studio/b%20c/d", "studio2/x", "studio"})
    CHECK(bench.ask("POST", std::string{"/some/prefix/"} + key + "?uploads=").status == 200);
  const std::vector<std::string> expected{"studio", "studio/a", "studio/a", "studio/b c/d"};
  auto found = store->unfinished(store::Key{"studio"}, store::no_key, store::whenever);
  std::ranges::sort(found);
  CHECK(found == expected);
  found = store->unfinished(
      store::Key{"studio"}, [](auto key) { return key == "studio/b c"; }, store::whenever);
  std::ranges::sort(found);
  CHECK(found == std::vector<std::string>{"studio", "studio/a", "studio/a"});
  const auto an_hour_ago = util::SystemClock{}.now() - std::chrono::hours{1};
  CHECK(store->remove_unfinished(store::Key{"studio"}, an_hour_ago).empty());
  auto removed = store->remove_unfinished(store::Key{"studio"}, store::whenever);
  std::ranges::sort(removed);
  CHECK(removed == expected);
  const auto left = bench.listed("?uploads=");
  CHECK(left.find("studio2/x") != std::string::npos);
  CHECK(left.find("studio/") == std::string::npos);
  CHECK(store->remove_unfinished(store::Key{"studio"}, store::whenever).empty());
  CHECK(fetched(*store, "studio/kept") == "x");
}
