#include "retention/policy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "util/units.hpp"

namespace bkp::retention {

using namespace std::chrono;

namespace {

/// 1970-01-01 was a Thursday: three days after the Monday its week began with.
constexpr days epoch_after_monday{3};

sys_days day_of(util::Time time) {
  return floor<days>(time);
}

long month_number(sys_days day) {
  const year_month_day date{day};
  return static_cast<int>(date.year()) * 12L + static_cast<long>(unsigned{date.month()}) - 1;
}

std::string week_name(sys_days day) {
  const auto monday = day - (weekday{day} - Monday);
  // A week belongs to the year of its Thursday (ISO 8601).
  const auto thursday = monday + days{3};
  const auto iso_year = year_month_day{thursday}.year();
  const auto week = (thursday - sys_days{iso_year / January / 1}).count() / 7 + 1;
  return fmt::format("{:04}-W{:02}", static_cast<int>(iso_year), week);
}

}  // namespace

long bucket_number(util::Time time, Period period) {
  const auto day = day_of(time);
  switch (period) {
    case Period::hour:
      return floor<hours>(time).time_since_epoch().count();
    case Period::day:
      return day.time_since_epoch().count();
    case Period::week:
      return floor<weeks>(day.time_since_epoch() + epoch_after_monday).count();
    case Period::month:
      return month_number(day);
    case Period::quarter:
      return month_number(day) / 3;
    case Period::year:
      break;
  }
  return month_number(day) / 12;
}

Bucket bucket_of(util::Time time, Period period) {
  const auto day = day_of(time);
  const year_month_day date{day};
  const auto year = static_cast<int>(date.year());
  const auto month = unsigned{date.month()};
  const auto number = bucket_number(time, period);
  switch (period) {
    case Period::hour:
      return {number, fmt::format("{:04}-{:02}-{:02} {:02}:00", year, month, unsigned{date.day()},
                                  floor<hours>(time - day).count())};
    case Period::day:
      return {number, fmt::format("{:04}-{:02}-{:02}", year, month, unsigned{date.day()})};
    case Period::week:
      return {number, week_name(day)};
    case Period::month:
      return {number, fmt::format("{:04}-{:02}", year, month)};
    case Period::quarter:
      return {number, fmt::format("{:04}-Q{}", year, (month - 1) / 3 + 1)};
    case Period::year:
      break;
  }
  return {number, fmt::format("{:04}", year)};
}

std::vector<CalendarRule> calendar_rules(const config::RetentionPolicy& policy) {
  std::vector<CalendarRule> rules;
  const auto add = [&](Period period, const char* name, int count) {
    if (count > 0) rules.push_back({period, name, count});
  };
  add(Period::hour, "hourly", policy.hourly);
  add(Period::day, "daily", policy.daily);
  add(Period::week, "weekly", policy.weekly);
  add(Period::month, "monthly", policy.monthly);
  add(Period::quarter, "quarterly", policy.quarterly);
  add(Period::year, "yearly", policy.yearly);
  return rules;
}

bool has_rules(const config::RetentionPolicy& policy) {
  return policy.last > 0 || policy.within > seconds{0} || !calendar_rules(policy).empty();
}

std::string describe(const config::RetentionPolicy& policy) {
  std::vector<std::string> rules;
  if (policy.last > 0) rules.push_back(fmt::format("last {}", policy.last));
  if (policy.within > seconds{0}) {
    rules.push_back(fmt::format("within {}", util::format_duration(policy.within)));
  }
  for (const auto& rule : calendar_rules(policy)) {
    rules.push_back(fmt::format("{} {}", rule.name, rule.count));
  }
  return rules.empty() ? "no rule" : fmt::format("{}", fmt::join(rules, ", "));
}

}  // namespace bkp::retention
