#include "cron/expression.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cron/field.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::cron {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using util::Error;
using util::ErrorKind;

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 8> weekday_names{"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat", "sun"};

constexpr std::array<FieldRule, 5> field_rules{{
    {"minute", 0, 59},
    {"hour", 0, 23},
    {"day of the month", 1, 31, {}, true},
    {"month", 1, 12, month_names},
    {"day of the week", 0, 7, weekday_names},
}};

struct Nickname {
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array<Nickname, 7> nicknames{{{"@yearly", "0 0 1 1 *"},
                                             {"@annually", "0 0 1 1 *"},
                                             {"@monthly", "0 0 1 * *"},
                                             {"@weekly", "0 0 * * 0"},
                                             {"@daily", "0 0 * * *"},
                                             {"@midnight", "0 0 * * *"},
                                             {"@hourly", "0 * * * *"}}};

constexpr auto accepted_forms =
    "write minute, hour, day of the month, month and day of the week, as in \"0 2 * * *\" or "
    "\"*/15 8-18 * * mon-fri\", or @hourly, @daily, @weekly, @monthly, @yearly";

std::string_view meaning_of(std::string_view text) {
  if (!text.starts_with('@')) return text;
  const auto found = std::ranges::find(nicknames, util::lower(text), &Nickname::name);
  if (found == nicknames.end())
    throw Error{ErrorKind::usage, fmt::format("there is no schedule {}", util::quoted(text)),
                accepted_forms};
  return found->meaning;
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  for (auto at = text.find_first_not_of(blanks); at != text.npos;) {
    const auto end = std::min(text.find_first_of(blanks, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(blanks, end);
  }
  return words;
}

template <std::size_t N>
void set(std::bitset<N>& bits, const Field& field) {
  for (const int value : field.values) bits.set(static_cast<std::size_t>(value) % N);
}

}  // namespace

Expression::Expression(std::string_view text) : m_text{text} {
  const auto words = words_of(meaning_of(text));
  if (words.size() != field_rules.size())
    throw Error{
        ErrorKind::usage,
        fmt::format("the schedule {} has {} fields and not five", util::quoted(text), words.size()),
        accepted_forms};
  std::array<Field, field_rules.size()> fields;
  try {
    for (std::size_t i = 0; i < fields.size(); ++i)
      fields[i] = parse_field(words[i], field_rules[i]);
  } catch (Error& error) {
    error.add_context(fmt::format("reading the schedule {}", util::quoted(text)));
    if (error.hint().empty()) throw error.reworded(error.message(), accepted_forms);
    throw;
  }
  const auto& [minute, hour, day, month, weekday] = fields;
  set(m_minutes, minute);
  set(m_hours, hour);
  set(m_days, day);
  set(m_months, month);
  set(m_weekdays, weekday);
  m_last_day = day.last;
  m_either_day = !day.star && !weekday.star;
  m_fixed = !minute.star && !hour.star;
}

bool Expression::is_on(sys_days day) const {
  const year_month_day date{day};
  if (!m_months.test(static_cast<unsigned>(date.month()))) return false;
  const bool is_last = year_month_day{day + days{1}}.month() != date.month();
  const bool by_date = m_days.test(static_cast<unsigned>(date.day())) || (m_last_day && is_last);
  const bool by_weekday = m_weekdays.test(std::chrono::weekday{day}.c_encoding());
  return m_either_day ? by_date || by_weekday : by_date && by_weekday;
}

/// Ascending; one may be there twice.
std::vector<util::Time> Expression::moments_of(sys_days day, const TimeZone& zone) const {
  std::vector<util::Time> moments;
  for (std::size_t hour = 0; hour < m_hours.size(); ++hour) {
    for (std::size_t minute = 0; m_hours.test(hour) && minute < m_minutes.size(); ++minute) {
      if (!m_minutes.test(minute)) continue;
      const auto times = zone.world(
          {day.time_since_epoch() + std::chrono::hours{hour} + std::chrono::minutes{minute}});
      if (m_fixed)
        moments.push_back(times.moments.empty() ? times.after_gap : times.moments.front());
      else
        moments.insert(moments.end(), times.moments.begin(), times.moments.end());
    }
  }
  std::ranges::sort(moments);
  return moments;
}

std::optional<util::Time> Expression::next(util::Time after, const TimeZone& zone) const {
  // 29 February on one day of the week comes after 40 years at the latest (1896 to 1936).
  constexpr days far{41 * 366};
  const auto today = std::chrono::floor<days>(sys_days{} + zone.local(after).since_epoch);
  const auto first_after = [&](sys_days day) -> std::optional<util::Time> {
    if (!is_on(day)) return std::nullopt;
    const auto moments = moments_of(day, zone);
    const auto found = std::ranges::upper_bound(moments, after);
    return found == moments.end() ? std::nullopt : std::optional{*found};
  };
  // Where clocks are set back at midnight, the end of a day comes again after the next has begun.
  for (auto day = today - days{1}; day < today + far; day += days{1}) {
    const auto found = first_after(day);
    if (!found) continue;
    const auto of_next_day = first_after(day + days{1});
    return of_next_day ? std::min(*found, *of_next_day) : *found;
  }
  return std::nullopt;
}

std::optional<util::Time> Expression::last(util::Time after, util::Time until,
                                           const TimeZone& zone) const {
  const auto day_of = [&](util::Time time) {
    return std::chrono::floor<days>(sys_days{} + zone.local(time).since_epoch);
  };
  std::optional<util::Time> latest;
  // A day more at either end, for the same reason as in next().
  const auto first = day_of(after) - days{1};
  for (auto day = day_of(until) + days{1}; day >= first; day -= days{1}) {
    if (!is_on(day)) continue;
    for (const auto moment : moments_of(day, zone)) {
      if (moment > after && moment <= until && (!latest || moment > *latest)) latest = moment;
    }
    // What an earlier day has is later than this only where clocks changed at midnight.
    if (latest && day < day_of(until)) break;
  }
  return latest;
}

}  // namespace bkp::cron
