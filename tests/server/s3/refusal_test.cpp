#include <catch2/catch.hpp>
#include <csignal>
#include <future>

#include "bench.hpp"
#include "support/contains.hpp"
#include "support/error_of.hpp"
#include "support/loopback.hpp"
#include "support/store_contract.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using util::ErrorKind;

namespace {

/// The error that opening the store ends with; it names the store.
util::Error refusal_of(S3Bench& bench, const util::Clock& clock) {
  auto error = error_of([&] { bench.open(clock); });
  CHECK(error.message().find(bench.url) != std::string::npos);
  CHECK_FALSE(error.hint().empty());
  return error;
}
util::Error refusal_of(S3Bench& bench) {
  return refusal_of(bench, bench.clock);
}

class ShiftedClock final : public util::Clock {
 public:
  explicit ShiftedClock(std::chrono::minutes by) : m_by{by} {}
  util::Time now() const override { return m_clock.now() + m_by; }
  std::chrono::steady_clock::time_point steady() const override { return m_clock.steady(); }
  void sleep_for(std::chrono::nanoseconds) const override {}

 private:
  util::SystemClock m_clock;
  std::chrono::minutes m_by;
};

}  // namespace

TEST_CASE("wrong credentials are refused as such") {
  S3Bench bench;
  SECTION("a wrong secret") {
    bench.environment.set("AWS_SECRET_ACCESS_KEY", "another-secret");
    const auto error = refusal_of(bench);
    CHECK(error.kind() == ErrorKind::key);
    CHECK(contains(error.message(), "SignatureDoesNotMatch"));
    CHECK_FALSE(contains(error.message() + error.hint(), "another-secret"));
  }
  SECTION("an unknown access key") {
    bench.environment.set("AWS_ACCESS_KEY_ID", "nobody");
    const auto error = refusal_of(bench);
    CHECK(error.kind() == ErrorKind::key);
    CHECK(contains(error.message(), "InvalidAccessKeyId"));
  }
  SECTION("none at all") {
    bench.environment = util::Environment{};
    CHECK(error_of([&] { bench.open(); }).kind() == ErrorKind::key);
  }
}

TEST_CASE("a wrong clock is told, and by how much") {
  S3Bench bench;
  const auto ahead = refusal_of(bench, ShiftedClock{std::chrono::minutes{60}});
  CHECK(ahead.kind() == ErrorKind::store);
  CHECK((contains(ahead.message(), "1h ahead") || contains(ahead.message(), "59min ")));
  CHECK(contains(ahead.hint(), "set the clock"));
  const auto behind = refusal_of(bench, ShiftedClock{std::chrono::minutes{-60}});
  CHECK(contains(behind.message(), "behind the server's"));
}

TEST_CASE("a missing bucket is an error and is not made") {
  S3Bench bench{"never-made"};
  const auto error = refusal_of(bench);
  CHECK(error.kind() == ErrorKind::store);
  CHECK(contains(error.message(), "404 NoSuchBucket"));
  CHECK(bench.ask("GET", "").status == 404);
}

TEST_CASE("another's bucket is an error that names the rights") {
  ProxiedBench bench;
  bench.proxy.answer("list-type=2", http_answer("403 Forbidden", error_body("AccessDenied")));
  const auto error = refusal_of(bench);
  CHECK(error.kind() == ErrorKind::store);
  CHECK(contains(error.hint(), "s3:ListBucket"));
}

TEST_CASE("a bucket in another region is an error that names it") {
  ProxiedBench bench;
  bench.proxy.answer("list-type=2", http_answer("301 Moved", error_body("PermanentRedirect"),
                                                "x-amz-bucket-region: eu-north-1\r\n"));
  CHECK(contains(refusal_of(bench).hint(), "\"eu-north-1\""));
}

TEST_CASE("what a HEAD cannot say is asked for by a GET") {
  ProxiedBench bench;
  const auto store = bench.open();
  put(*store, "studio/a", "x");
  bench.proxy.answer("HEAD ", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  bench.proxy.answer("GET ", http_answer("403 Forbidden", error_body("InvalidAccessKeyId")));
  const auto error = error_of([&] { store->stat(store::Key{"studio/a"}); });
  CHECK(error.kind() == ErrorKind::key);
  CHECK(contains(error.message(), "studio/a"));
}

TEST_CASE("a server that cannot be reached is named") {
  S3Bench bench;
  const auto port = port_of(listen_on_loopback());
  bench.behind(port);
  const auto error = refusal_of(bench);
  CHECK(error.kind() == ErrorKind::store);
  CHECK(contains(error.message(), "127.0.0.1:" + std::to_string(port)));
  CHECK(contains(error.message(), "cannot be reached"));
  CHECK(contains(error.message(), "4 attempts"));
}

TEST_CASE("a server that comes back in time is not missed") {
  ProxiedBench bench;
  bench.proxy.next({Damage::refuse, Direction::answer, 0}, 3);
  const auto store = bench.open();
  CHECK(bench.proxy.counts().refused == 3);
}

TEST_CASE("a server's certificate is checked") {
  S3Bench bench;
  bench.options.endpoint = ceph().tls_endpoint();
  SECTION("one of an unknown authority is refused") {
    const auto error = refusal_of(bench);
    CHECK(contains(error.message(), "TLS failed"));
    CHECK(contains(error.hint(), "ca_file"));
  }
  SECTION("one of the authority in ca_file is taken") {
    bench.options.ca_file = ceph().certificate();
    const auto store = bench.open();
    put(*store, "studio/a", "over TLS");
    CHECK(fetched(*store, "studio/a") == "over TLS");
  }
  SECTION("one for another host is refused") {
    bench.options.ca_file = ceph().certificate();
    bench.options.endpoint.replace(8, 9, "localhost");
    const auto error = refusal_of(bench);
    CHECK(contains(error.message(), "TLS failed"));
    CHECK(contains(error.hint(), ceph().certificate().string()));
  }
  SECTION("a ca_file that is not there is named") {
    bench.options.ca_file = "/nonexistent/ca.pem";
    const auto error = refusal_of(bench);
    CHECK(contains(error.message() + error.hint(), "/nonexistent/ca.pem"));
  }
  SECTION("a port without TLS is no place for secrets") {
    bench.options.endpoint = "https://127.0.0.1:" + std::to_string(ceph().port());
    CHECK(contains(refusal_of(bench).message(), "TLS failed"));
  }
}

TEST_CASE("waiting for a busy server ends with an interrupt") {
  ProxiedBench bench;
  bench.patience.backoff.most = std::chrono::minutes{5};
  bench.proxy.answer("list-type=2", http_answer("503 Slow Down", {}, "Retry-After: 300\r\n"));
  auto opened = std::async(std::launch::async, [&] { bench.open(); });
  REQUIRE(wait_until([&] { return bench.proxy.counts().answered == 1; }));
  bench.interrupt.request(SIGINT);
  CHECK(error_of([&] { opened.get(); }).kind() == ErrorKind::interrupted);
}
