#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "util/clock.hpp"

namespace date {
class time_zone;
}

namespace bkp::cron {

/// A minute on the clock and calendar of a place: minutes since its own 1970-01-01 00:00.
struct LocalMinute {
  std::chrono::minutes since_epoch{};
  auto operator<=>(const LocalMinute&) const = default;
};

/// What a minute of a place's clock is in the world's time. When clocks are set forward, it may not
/// have been; when they are set back, it may have been twice.
struct WorldTimes {
  std::vector<util::Time> moments;  ///< ascending; one, none or two
  util::Time after_gap;             ///< of none: the first moment after the hour that was not
};

/// Throws Error{usage} unless the system has a time zone of that name; quicker than to make one.
void require_time_zone(std::string_view name);

/// A time zone of the IANA database, as the system has it (/usr/share/zoneinfo).
class TimeZone {
 public:
  /// "Europe/Berlin", "UTC". Throws as require_time_zone().
  explicit TimeZone(std::string_view name);

  std::string name() const;

  /// What the place's clock shows, cut to the minute.
  LocalMinute local(util::Time time) const;
  WorldTimes world(LocalMinute minute) const;
  /// "2026-11-27 03:00": the place's clock.
  std::string show(util::Time time) const;

 private:
  const date::time_zone* m_zone;  ///< of the library's database, which stays
};

}  // namespace bkp::cron
