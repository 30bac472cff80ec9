#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "util/clock.hpp"

namespace bkp::net {

/// How long to wait before the next attempt of a request that failed for a reason that may pass.
/// Exponential with full jitter, after AWS's "Exponential Backoff And Jitter".
struct Backoff {
  int attempts = 6;  ///< in all, the first one included
  std::chrono::milliseconds first{200};
  std::chrono::milliseconds most{20'000};
};

/// Before attempt `failed` + 1; nullopt when there is to be none. `share`, 0 to 1, is what dice()
/// gave. `retry_after` is what the server asked for, and at least what is waited, up to `most`.
std::optional<std::chrono::milliseconds> delay_before_next(
    const Backoff& backoff, int failed, std::optional<std::chrono::milliseconds> retry_after,
    double share);

/// A share of 1, evenly distributed.
double dice();

/// Whether the same request may succeed later: 408, 429, 500, 502, 503, 504.
bool may_pass(long http_status);

/// A date of a header (RFC 9110, section 5.6.7, and what else libcurl reads); nullopt when it is
/// none, or one that a util::Time does not reach.
std::optional<util::Time> parse_http_date(std::string_view value);

/// The value of a Retry-After header: seconds, or an HTTP date (RFC 9110, section 10.2.3). nullopt
/// when it is neither; 0 for a date that is over.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, util::Time now);

}  // namespace bkp::net
