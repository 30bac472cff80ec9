#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "util/clock.hpp"

namespace bkp::retention {

/// The calendar periods a policy counts in. UTC; weeks are those of ISO 8601, Monday to Sunday.
enum class Period { hour, day, week, month, quarter, year };

/// One calendar period a moment falls into.
struct Bucket {
  long number = 0;   ///< consecutive: the next hour (day, …) has the next number
  std::string name;  ///< "2026-11-18 14:00", "2026-11-18", "2026-W47", "2026-11", "2026-Q4", "2026"
};

Bucket bucket_of(util::Time time, Period period);
/// bucket_of().number alone, cheaply.
long bucket_number(util::Time time, Period period);

/// "daily: 30": the calendar days up to and including today that keep their newest backup.
struct CalendarRule {
  Period period = Period::day;
  std::string name;  ///< the policy's key: "daily"
  int count = 0;     ///< over 0
};

/// The calendar rules in force, from the finest to the coarsest.
std::vector<CalendarRule> calendar_rules(const config::RetentionPolicy& policy);

/// Whether the policy has any rule for backups at all (`wal` is none).
bool has_rules(const config::RetentionPolicy& policy);

/// "last 3, within 2d, hourly 24, daily 30": the rules in force, for people; "no rule" without any.
std::string describe(const config::RetentionPolicy& policy);

}  // namespace bkp::retention
