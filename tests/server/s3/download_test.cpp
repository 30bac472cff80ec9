#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/error_of.hpp"
#include "support/store_contract.hpp"

using namespace bkp;
using namespace bkp::test;
using util::ErrorKind;

namespace {

constexpr std::size_t piece = std::size_t{8} << 20U;

const std::string& large_text() {
  static const std::string text = noise(3 * piece + 12345);
  return text;
}

void make_large(const S3Bench& bench) {
  REQUIRE(bench.ask("PUT", "/some/prefix/studio/large", {}, large_text()).status == 200);
}

}  // namespace

TEST_CASE("a large object is read in pieces, and any range of it") {
  ProxiedBench bench;
  const auto store = bench.open();
  make_large(bench);
  CHECK((fetched(*store, "studio/large") == large_text()));
  CHECK(bench.requests("GET /" + bench.bucket + "/some/prefix/studio/large ") == 4);
  for (const auto& range : {store::ByteRange{piece - 5, 10}, store::ByteRange{5, 2 * piece},
                            store::ByteRange{piece, piece}, store::ByteRange{3 * piece, ~0ULL},
                            store::ByteRange{0, large_text().size() + 1}}) {
    CAPTURE(range.offset, range.length);
    CHECK((fetched(*store, "studio/large", range) ==
           large_text().substr(range.offset, range.length)));
  }
}

TEST_CASE("a broken download goes on where it broke") {
  ProxiedBench bench;
  bench.options.parallel = GENERATE(1, 8);
  const auto store = bench.open();
  make_large(bench);
  SECTION("cut") {
    // More often than patience lasts, 4 times, but each time something came.
    bench.proxy.running({Damage::cut, Direction::answer, 1'000'000});
    bench.proxy.next({Damage::cut, Direction::answer, 1'000'000}, 8);
    CHECK((fetched(*store, "studio/large") == large_text()));
    CHECK(bench.proxy.counts().cut > 4);
  }
  SECTION("reset") {
    bench.proxy.running({Damage::reset, Direction::answer, 1'000'000});
    CHECK((fetched(*store, "studio/large") == large_text()));
    CHECK(bench.proxy.counts().reset == 1);
  }
  SECTION("refused for a while") {
    bench.proxy.answer("GET /" + bench.bucket + "/some", http_answer("503 Slow Down"), 3);
    CHECK((fetched(*store, "studio/large") == large_text()));
    CHECK(bench.proxy.counts().answered == 3);
  }
}

TEST_CASE("a stalled download goes on where it stalled") {
  ProxiedBench bench;
  const auto store = bench.open();
  make_large(bench);
  bench.proxy.running({Damage::stall, Direction::answer, 1'000'000});
  CHECK((fetched(*store, "studio/large") == large_text()));
  CHECK(bench.proxy.counts().stalled == 1);
}

TEST_CASE("a download that does not get on is given up") {
  ProxiedBench bench;
  const auto store = bench.open();
  make_large(bench);
  bench.proxy.answer("GET /" + bench.bucket + "/some", http_answer("503 Slow Down"), 4);
  const auto error =
      store_error_of(*store, "studio/large", [&] { fetched(*store, "studio/large"); });
  CHECK(error.message().find("503") != std::string::npos);
  CHECK(bench.proxy.counts().answered == 4);
}

TEST_CASE("an object that changes while it is read is not mixed") {
  S3Bench bench;
  const auto store = bench.open();
  make_large(bench);
  Recording recording;
  recording.on_write = [&, replaced = false]() mutable {
    if (std::exchange(replaced, true)) return;
    bench.ask("PUT", "/some/prefix/studio/large", {}, noise(3 * piece, 2));
  };
  RecordingSink sink{recording};
  const auto error = store_error_of(*store, "studio/large", [&] {
    store->fetch(store::Key{"studio/large"}, std::nullopt, sink);
  });
  CHECK(error.message().find("replaced or removed") != std::string::npos);
  CHECK((recording.text == large_text().substr(0, recording.text.size())));
}

TEST_CASE("what the sink throws ends a parallel download too") {
  S3Bench bench;
  const auto store = bench.open();
  make_large(bench);
  Recording recording;
  recording.on_write = [&] {
    if (recording.text.size() > piece) throw util::Error{ErrorKind::damaged, "the sink's own"};
  };
  RecordingSink sink{recording};
  const auto error =
      error_of([&] { store->fetch(store::Key{"studio/large"}, std::nullopt, sink); });
  CHECK(error.message() == "the sink's own");
}

TEST_CASE("a server may ignore ranges") {
  ProxiedBench bench;
  const auto store = bench.open();
  bench.proxy.answer("GET /" + bench.bucket + "/some", http_answer("200 OK", "0123456789"), 4);
  CHECK(fetched(*store, "studio/x", store::ByteRange{3, 4}) == "3456");
  CHECK(fetched(*store, "studio/x", store::ByteRange{8, 4}) == "89");
  CHECK(fetched(*store, "studio/x", store::ByteRange{12, 4}) == "");
  CHECK(fetched(*store, "studio/x") == "0123456789");
  CHECK(bench.proxy.counts().answered == 4);
}

TEST_CASE("another range than the one asked for is refused") {
  ProxiedBench bench;
  const auto store = bench.open();
  bench.proxy.answer("GET /" + bench.bucket + "/some",
                     http_answer("206 Partial Content", "0123", "Content-Range: bytes 0-3/10\r\n"));
  store_error_of(*store, "studio/x", [&] { fetched(*store, "studio/x", store::ByteRange{4, 4}); });
}

TEST_CASE("pieces of different objects are not mixed where the server ignores conditions") {
  ProxiedBench bench;
  const auto store = bench.open();
  const std::string get = "GET /" + bench.bucket + "/some";
  const auto piece_of = [&](const std::string& etag, const std::string& range,
                            const std::string& text) {
    bench.proxy.answer(get,
                       http_answer("206 Partial Content", text,
                                   "ETag: " + etag + "\r\nContent-Range: bytes " + range + "\r\n"));
  };
  piece_of("\"a\"", "0-3/8", "0123");
  SECTION("the same") {
    piece_of("\"a\"", "4-7/8", "4567");
    CHECK(fetched(*store, "studio/x") == "01234567");
  }
  SECTION("another") {
    piece_of("\"b\"", "4-7/8", "4567");
    const auto error = store_error_of(*store, "studio/x", [&] { fetched(*store, "studio/x"); });
    CHECK(error.message().find("replaced or removed") != std::string::npos);
  }
}
