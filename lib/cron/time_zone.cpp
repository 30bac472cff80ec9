#include "cron/time_zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::cron {

namespace {

constexpr auto database = "/usr/share/zoneinfo";

util::Error unknown(std::string_view name) {
  return {util::ErrorKind::usage, fmt::format("there is no time zone {}", util::quoted(name)),
          fmt::format("write it as in {}, which Debian's tzdata brings: UTC, Europe/Berlin, "
                      "America/New_York",
                      database)};
}

// tzfile(5): every one begins with its magic.
bool is_zone_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::array<char, 4> magic{};
  return file.read(magic.data(), magic.size()) &&
         std::string_view{magic.data(), magic.size()} == "TZif";
}

const date::time_zone* find_zone(std::string_view name) {
  require_time_zone(name);
  try {
    return date::locate_zone(std::string{name});
  } catch (const std::runtime_error&) {
    throw unknown(name);
  }
}

date::local_seconds seconds_of(LocalMinute minute) {
  return date::local_seconds{minute.since_epoch};
}

}  // namespace

void require_time_zone(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
  if (name.empty() || !plain || name.front() == '/' ||
      !is_zone_file(std::filesystem::path{database} / name))
    throw unknown(name);
}

TimeZone::TimeZone(std::string_view name) : m_zone{find_zone(name)} {}

std::string TimeZone::name() const {
  return m_zone->name();
}

LocalMinute TimeZone::local(util::Time time) const {
  const auto local = m_zone->to_local(std::chrono::floor<std::chrono::seconds>(time));
  return {std::chrono::floor<std::chrono::minutes>(local.time_since_epoch())};
}

WorldTimes TimeZone::world(LocalMinute minute) const {
  const auto local = seconds_of(minute);
  const auto info = m_zone->get_info(local);
  const auto less = [&](std::chrono::seconds offset) {
    return util::Time{local.time_since_epoch() - offset};
  };
  WorldTimes times;
  if (info.result == date::local_info::nonexistent) {
    times.after_gap = info.second.begin;
    return times;
  }
  times.moments.push_back(less(info.first.offset));
  if (info.result == date::local_info::ambiguous) times.moments.push_back(less(info.second.offset));
  return times;
}

std::string TimeZone::show(util::Time time) const {
  const auto minutes = local(time).since_epoch;
  const auto day = std::chrono::floor<std::chrono::days>(minutes);
  const std::chrono::year_month_day date{std::chrono::sys_days{day}};
  const auto of_day = minutes - day;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     of_day.count() / 60, of_day.count() % 60);
}

}  // namespace bkp::cron
