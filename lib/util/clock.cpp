#include "util/clock.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::util {

using namespace std::chrono;

Time SystemClock::now() const {
  return system_clock::now();
}
steady_clock::time_point SystemClock::steady() const {
  return steady_clock::now();
}
void SystemClock::sleep_for(nanoseconds duration) const {
  std::this_thread::sleep_for(duration);
}

namespace {

// What nanoseconds since 1970 in 64 bits can tell, in whole years.
constexpr int first_year = 1678;
constexpr int last_year = 2261;

struct Fields {
  year_month_day date;
  hh_mm_ss<seconds> clock;
};

Fields split(Time time) {
  const auto whole = floor<seconds>(time);
  const auto day = floor<days>(whole);
  return {year_month_day{day}, hh_mm_ss<seconds>{whole - day}};
}

/// Reads the pieces of a date from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : m_rest{text} {}
  bool done() const { return m_rest.empty(); }
  bool take(char wanted) {
    if (m_rest.empty() || m_rest.front() != wanted) return false;
    m_rest.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view wanted) {
    if (m_rest.empty() || wanted.find(m_rest.front()) == wanted.npos) return false;
    m_rest.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(std::size_t count) {
    if (m_rest.size() < count) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(m_rest.data(), m_rest.data() + count, value);
    if (error != std::errc{} || end != m_rest.data() + count || value < 0) return std::nullopt;
    m_rest.remove_prefix(count);
    return value;
  }
  std::optional<double> fraction() {
    double value = 0;
    double scale = 0.1;
    bool any = false;
    for (; !m_rest.empty() && m_rest.front() >= '0' && m_rest.front() <= '9';
         m_rest.remove_prefix(1)) {
      value += scale * (m_rest.front() - '0');
      scale /= 10;
      any = true;
    }
    if (!any) return std::nullopt;
    return value;
  }
  bool sign_is_next() const {
    return !m_rest.empty() && (m_rest.front() == '+' || m_rest.front() == '-');
  }

 private:
  std::string_view m_rest;
};

std::optional<Time> scan_time(std::string_view text) {
  Scanner scan{text};
  const auto year_value = scan.digits(4);
  const bool dashed = scan.take('-');
  const auto month_value = scan.digits(2);
  if (dashed && !scan.take('-')) return std::nullopt;
  const auto day_value = scan.digits(2);
  if (!year_value || !month_value || !day_value) return std::nullopt;
  const year_month_day date{year{*year_value}, month{static_cast<unsigned>(*month_value)},
                            day{static_cast<unsigned>(*day_value)}};
  if (!date.ok() || *year_value < first_year || *year_value > last_year) return std::nullopt;
  Time result = sys_days{date};
  if (scan.done()) return result;

  if (!scan.take_any("Tt ")) return std::nullopt;
  const auto hour = scan.digits(2);
  const bool colons = scan.take(':');
  const auto minute = scan.digits(2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  result += hours{*hour} + minutes{*minute};
  if (colons ? scan.take(':') : !scan.done() && !scan.sign_is_next()) {
    const auto second = scan.digits(2);
    if (!second || *second > 60) return std::nullopt;
    result += seconds{*second};
    if (scan.take('.')) {
      const auto part = scan.fraction();
      if (!part) return std::nullopt;
      result += microseconds{std::llround(*part * 1e6)};
    }
  }
  if (scan.done() || (scan.take_any("Zz") && scan.done())) return result;
  const bool east = scan.take('+');
  if (!east && !scan.take('-')) return std::nullopt;
  const auto zone_hour = scan.digits(2);
  scan.take(':');
  const auto zone_minute = scan.done() ? std::optional{0} : scan.digits(2);
  if (!zone_hour || !zone_minute || *zone_hour > 23 || *zone_minute > 59 || !scan.done())
    return std::nullopt;
  const auto offset = hours{*zone_hour} + minutes{*zone_minute};
  return east ? result - offset : result + offset;
}

}  // namespace

std::string format_rfc3339(Time time) {
  const auto [date, clock] = split(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string format_compact(Time time) {
  const auto [date, clock] = split(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Time parse_time(std::string_view text) {
  const auto time = scan_time(text);
  if (!time) {
    throw Error{ErrorKind::usage, fmt::format("{} is not a time", quoted(text)),
                "write it like 2026-11-21T02:00:00Z or 2026-11-21"};
  }
  return *time;
}

}  // namespace bkp::util
