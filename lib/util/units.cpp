#include "util/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::util {

namespace {

using std::chrono::seconds;

struct DurationUnit {
  std::string_view name;
  std::int64_t seconds;
};

constexpr std::array<DurationUnit, 6> duration_units{
    {{"w", 604800}, {"d", 86400}, {"h", 3600}, {"min", 60}, {"m", 60}, {"s", 1}}};

// Points in time count nanoseconds in 64 bits (1677 to 2262); two centuries on either side of now
// stay within.
constexpr std::int64_t longest_duration = std::int64_t{200} * 365 * 86400;

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 13> size_units{
    {{"", 1},
     {"B", 1},
     {"KiB", 1ULL << 10U},
     {"MiB", 1ULL << 20U},
     {"GiB", 1ULL << 30U},
     {"TiB", 1ULL << 40U},
     {"PiB", 1ULL << 50U},
     {"kB", 1'000ULL},
     {"KB", 1'000ULL},
     {"MB", 1'000'000ULL},
     {"GB", 1'000'000'000ULL},
     {"TB", 1'000'000'000'000ULL},
     {"PB", 1'000'000'000'000'000ULL}}};

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

/// Takes what `belongs` accepts from the front of `text`.
template <class Predicate>
std::string_view take_while(std::string_view& text, Predicate belongs) {
  const auto end = std::find_if_not(text.begin(), text.end(), belongs);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

std::optional<std::int64_t> scan_duration(std::string_view text) {
  std::int64_t total = 0;
  std::int64_t previous_unit = std::numeric_limits<std::int64_t>::max();
  do {
    const std::string_view digits = take_while(text, is_digit);
    std::int64_t count = 0;
    const auto end = digits.data() + digits.size();
    if (digits.empty() || std::from_chars(digits.data(), end, count).ec != std::errc{}) {
      return std::nullopt;
    }
    const std::string_view name =
        take_while(text, [](char letter) { return letter >= 'a' && letter <= 'z'; });
    const auto unit = std::find_if(duration_units.begin(), duration_units.end(),
                                   [&](const DurationUnit& one) { return one.name == name; });
    if (unit == duration_units.end() || unit->seconds >= previous_unit) return std::nullopt;
    previous_unit = unit->seconds;
    if (count > (longest_duration - total) / unit->seconds) return std::nullopt;
    total += count * unit->seconds;
    skip_spaces(text);
  } while (!text.empty());
  return total;
}

/// A decimal number with an optional fraction; no sign, no exponent.
std::optional<double> scan_number(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char character) {
    return is_digit(character) || character == '.';
  });
  double value = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (!plain || text.empty() || !is_digit(text.front()) || !is_digit(text.back()) ||
      error != std::errc{} || stopped != end) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> scan_size(std::string_view text) {
  const std::string_view number =
      take_while(text, [](char character) { return is_digit(character) || character == '.'; });
  skip_spaces(text);
  const auto unit = std::find_if(size_units.begin(), size_units.end(),
                                 [&](const auto& one) { return one.first == text; });
  if (unit == size_units.end()) return std::nullopt;
  // Whole numbers stay exact; a double would round those beyond 2^53.
  std::uint64_t whole = 0;
  const auto end = number.data() + number.size();
  const auto [stopped, error] = std::from_chars(number.data(), end, whole);
  if (error == std::errc{} && stopped == end) {
    if (whole > std::numeric_limits<std::uint64_t>::max() / unit->second) return std::nullopt;
    return whole * unit->second;
  }
  const auto value = scan_number(number);
  if (!value) return std::nullopt;
  const double bytes = std::round(*value * static_cast<double>(unit->second));
  if (bytes >= std::ldexp(1.0, 64)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

Error not_a(std::string_view what, std::string_view text, std::string hint) {
  return Error{ErrorKind::usage, fmt::format("{} is not a {}", quoted(text), what),
               std::move(hint)};
}

}  // namespace

seconds parse_duration(std::string_view text) {
  const auto value = scan_duration(text);
  if (!value) {
    throw not_a("duration", text,
                "write it like 90s, 15min, 6h, 7d, 6w or 2h30min, at most 200 years");
  }
  return seconds{*value};
}

std::string format_duration(std::chrono::duration<double> duration) {
  if (!std::isfinite(duration.count())) return "unknown";
  const std::string sign = duration.count() < 0 ? "-" : "";
  const double length = std::min(std::abs(duration.count()), 1e15);
  if (std::round(length * 10) < 600) return fmt::format("{}{:.1f}s", sign, length);

  auto rest = static_cast<std::int64_t>(std::round(length));
  constexpr std::array<DurationUnit, 4> units{{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}};
  auto unit = units.begin();
  while (rest < unit->seconds) ++unit;
  std::string first = fmt::format("{}{}{}", sign, rest / unit->seconds, unit->name);
  rest %= unit->seconds;
  if (++unit == units.end() || rest < unit->seconds) return first;
  return fmt::format("{} {}{}", first, rest / unit->seconds, unit->name);
}

std::string format_age(std::chrono::system_clock::time_point then,
                       std::chrono::system_clock::time_point now) {
  return format_duration(std::max(now, then) - then);
}

std::uint64_t parse_size(std::string_view text) {
  const auto size = scan_size(text);
  if (!size) throw not_a("size", text, "write it like 64KiB, 1GiB, 1.5TiB, 500MB or 1024 (bytes)");
  return *size;
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 6> names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 and more would be shown as 1024.0.
  for (; value >= 1023.95 && unit + 1 < names.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, names[unit]);
}

std::uint64_t parse_rate(std::string_view text) {
  constexpr std::string_view per_second = "/s";
  if (text.ends_with(per_second)) {
    if (const auto size = scan_size(text.substr(0, text.size() - per_second.size()))) return *size;
  }
  throw not_a("rate", text, "write it like 100MiB/s");
}

double parse_share(std::string_view text) {
  if (text.ends_with('%')) {
    const auto percent = scan_number(text.substr(0, text.size() - 1));
    if (percent && *percent <= 100) return *percent / 100;
  }
  throw not_a("share", text, "write it like 80%, from 0% to 100%");
}

}  // namespace bkp::util
