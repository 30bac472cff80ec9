#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace bkp::util {

using Time = std::chrono::system_clock::time_point;
using Seconds = std::chrono::seconds;
using Duration = std::chrono::duration<double>;

/// Every decision on time goes through a Clock, so that a test can hold it still.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  /// For measuring durations and pacing; unaffected by clock adjustments.
  virtual std::chrono::steady_clock::time_point steady() const = 0;
  virtual void sleep_for(std::chrono::nanoseconds duration) const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  std::chrono::steady_clock::time_point steady() const override;
  void sleep_for(std::chrono::nanoseconds duration) const override;
};

/// "2026-11-21T02:00:00Z" (RFC 3339, UTC, whole seconds).
std::string format_rfc3339(Time time);
/// "20261121T020000Z": the form used in backup labels.
std::string format_compact(Time time);
/// Accepts both forms above, RFC 3339 offsets ("+02:00"), a space instead of T, fractions of a
/// second, and a bare date (midnight UTC); years 1678 to 2261. Throws Error{usage} naming the text
/// otherwise.
Time parse_time(std::string_view text);

}  // namespace bkp::util
