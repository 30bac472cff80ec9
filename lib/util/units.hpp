#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace bkp::util {

/// All parsers here throw Error{usage} naming the text, with the accepted forms as hint.

/// "90s", "15min", "6h", "7d", "6w", also "2h30min" and "2h 30min", largest unit first. Units: s,
/// min (or m), h, d, w. A bare number has no unit and is refused, and so is anything over 200
/// years.
std::chrono::seconds parse_duration(std::string_view text);
/// "2h 5min", "3d 4h", "12.3s" below a minute: the two largest units, for people. "unknown" when it
/// is not finite.
std::string format_duration(std::chrono::duration<double> duration);

/// How long ago that was, for people; of what lies ahead, as of now.
std::string format_age(std::chrono::system_clock::time_point then,
                       std::chrono::system_clock::time_point now);

/// "64KiB", "1GiB", "500MB", "1024" (bytes). Binary and decimal units; fractions allowed
/// ("1.5GiB").
std::uint64_t parse_size(std::string_view text);
/// "1.4 GiB", "512 B": binary units, for people.
std::string format_size(std::uint64_t bytes);

/// PostgreSQL's bigint of bytes as a size; what is negative was never one, and becomes 0.
constexpr std::uint64_t byte_count(std::int64_t bytes) {
  return bytes < 0 ? 0 : static_cast<std::uint64_t>(bytes);
}

/// "100MiB/s" → bytes a second.
std::uint64_t parse_rate(std::string_view text);

/// "80%" → 0.8; 0 % to 100 %.
double parse_share(std::string_view text);

}  // namespace bkp::util
