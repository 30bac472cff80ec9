#include "net/backoff.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using namespace std::chrono_literals;

TEST_CASE("the wait doubles up to its limit, and ends after the last attempt") {
  const net::Backoff backoff{5, 100ms, 500ms};
  CHECK(net::delay_before_next(backoff, 1, {}, 1) == 100ms);
  CHECK(net::delay_before_next(backoff, 2, {}, 1) == 200ms);
  CHECK(net::delay_before_next(backoff, 3, {}, 1) == 400ms);
  CHECK(net::delay_before_next(backoff, 4, {}, 1) == 500ms);
  CHECK_FALSE(net::delay_before_next(backoff, 5, {}, 1));
  CHECK(net::delay_before_next(backoff, 3, {}, 0.5) == 200ms);
  CHECK(net::delay_before_next(backoff, 3, {}, 0) == 0ms);
  CHECK(net::delay_before_next({10000, 100ms, 500ms}, 9999, {}, 1) == 500ms);
}

TEST_CASE("what the server asks for is waited, within the limit") {
  const net::Backoff backoff{5, 100ms, 500ms};
  CHECK(net::delay_before_next(backoff, 1, 300ms, 0) == 300ms);
  CHECK(net::delay_before_next(backoff, 1, 10ms, 1) == 100ms);
  CHECK(net::delay_before_next(backoff, 1, 1h, 0) == 500ms);
  CHECK_FALSE(net::delay_before_next(backoff, 5, 1s, 0));
}

TEST_CASE("Retry-After is seconds or a date") {
  const auto now = util::parse_time("2026-11-26T10:00:00Z");
  CHECK(net::parse_retry_after("7", now) == 7s);
  CHECK(net::parse_retry_after("Thu, 26 Nov 2026 10:01:00 GMT", now) == 60s);
  CHECK(net::parse_retry_after("Thu, 26 Nov 2026 09:00:00 GMT", now) == 0s);
  CHECK_FALSE(net::parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now));
  CHECK_FALSE(net::parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"));
  CHECK_FALSE(net::parse_retry_after("soon", now));
  CHECK_FALSE(net::parse_retry_after("", now));
  CHECK_FALSE(net::parse_retry_after("-5", now));
}

TEST_CASE("a busy or broken server may be asked again, one that refuses may not") {
  for (const long status : {408L, 429L, 500L, 502L, 503L, 504L}) CHECK(net::may_pass(status));
  for (const long status : {200L, 206L, 301L, 400L, 403L, 404L, 409L, 412L, 501L})
    CHECK_FALSE(net::may_pass(status));
}
