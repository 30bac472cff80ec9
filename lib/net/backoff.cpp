#include "net/backoff.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "net/libcurl.hpp"
#include "util/rng.hpp"

namespace bkp::net {

using std::chrono::milliseconds;

std::optional<milliseconds> delay_before_next(const Backoff& backoff, int failed,
                                              std::optional<milliseconds> retry_after,
                                              double share) {
  if (failed >= backoff.attempts) return std::nullopt;
  const auto longest = std::min(static_cast<double>(backoff.most.count()),
                                std::ldexp(static_cast<double>(backoff.first.count()), failed - 1));
  const milliseconds drawn{std::llround(longest * share)};
  if (!retry_after) return drawn;
  return std::clamp(*retry_after, drawn, std::max(drawn, backoff.most));
}

double dice() {
  std::uint32_t drawn = 0;
  util::random_bytes(std::as_writable_bytes(std::span{&drawn, 1}));
  return static_cast<double>(drawn) / 4294967296.0;
}

bool may_pass(long http_status) {
  return http_status == 408 || http_status == 429 || http_status == 500 || http_status == 502 ||
         http_status == 503 || http_status == 504;
}

std::optional<util::Time> parse_http_date(std::string_view value) {
  const std::chrono::seconds date{curl_getdate(std::string{value}.c_str(), nullptr)};
  if (date.count() < 0 ||
      date > std::chrono::floor<std::chrono::seconds>(util::Time::max().time_since_epoch()))
    return std::nullopt;
  return util::Time{date};
}

std::optional<milliseconds> parse_retry_after(std::string_view value, util::Time now) {
  long seconds = 0;
  const auto* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, seconds);
  if (error == std::errc{} && rest == end && seconds >= 0 && seconds < 86'400 * 365)
    return milliseconds{seconds * 1000};
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  const auto left = *date - now;
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(left));
}

}  // namespace bkp::net
