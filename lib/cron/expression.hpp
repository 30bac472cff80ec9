#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cron/time_zone.hpp"
#include "util/clock.hpp"

namespace bkp::cron {

/// When something is due, as crontab(5) of Vixie cron (Debian's) writes it: minute, hour, day of
/// the month, month, day of the week. Each is "*", a number, a range "1-5", either "*" or a range
/// with a step "*/15", or a list of these; months and days of the week have names ("jan", "mon"),
/// Sunday is 0 and 7. "@hourly", "@daily" ("@midnight"), "@weekly", "@monthly", "@yearly"
/// ("@annually") stand for what crontab(5) says. Beyond that, "L" is the last day of the month.
///
/// As there, where both days are restricted (neither begins with "*"), one that matches is enough.
///
/// Clocks that change: an expression with "*" in the minute or hour follows the clock, so it is not
/// due in the hour that is left out and is due again in the one that comes twice. Any other is due
/// all the same, and once: at the end of an hour left out, and the first time of one repeated.
class Expression {
 public:
  /// Throws Error{usage} naming the text and the field.
  explicit Expression(std::string_view text);

  const std::string& text() const { return m_text; }

  /// The first whole minute after `after` at which it is due; nullopt when it never is: there is no
  /// 30 February.
  std::optional<util::Time> next(util::Time after, const TimeZone& zone) const;
  /// The last one of those with after < moment <= until; nullopt when there is none.
  std::optional<util::Time> last(util::Time after, util::Time until, const TimeZone& zone) const;

 private:
  bool is_on(std::chrono::sys_days day) const;
  std::vector<util::Time> moments_of(std::chrono::sys_days day, const TimeZone& zone) const;

  std::string m_text;
  std::bitset<60> m_minutes;
  std::bitset<24> m_hours;
  std::bitset<32> m_days;  ///< of the month; 0 is unused
  std::bitset<13> m_months;
  std::bitset<7> m_weekdays;
  bool m_last_day = false;    ///< of the month
  bool m_either_day = false;  ///< both days are restricted
  bool m_fixed = false;       ///< neither minute nor hour begins with "*"
};

}  // namespace bkp::cron
