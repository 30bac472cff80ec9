#include "schedule/schedule.hpp"

#include <fmt/format.h>

#include "catalog/time_text.hpp"
#include "util/error.hpp"

namespace bkp::schedule {

using nlohmann::json;

namespace {

template <class Value>
json value_or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json time_or_null(const std::optional<Time>& time) {
  return time ? json(catalog::time_text(*time)) : json();
}

std::optional<std::string> optional_text(const json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<std::string>();
}

std::optional<Time> optional_time(const json& value) {
  if (value.is_null()) return std::nullopt;
  return catalog::time_from_text(value.get<std::string>());
}

}  // namespace

json to_json(const Schedule& schedule) {
  return {{"id", schedule.id},
          {"backup_type", value_or_null(schedule.backup_type)},
          {"schedule", schedule.schedule},
          {"time_zone", schedule.time_zone},
          {"command", schedule.command},
          {"destination", value_or_null(schedule.destination)},
          {"retention_policy_json", schedule.retention_policy},
          {"enabled", schedule.enabled},
          {"last_run_at", time_or_null(schedule.last_run_at)},
          {"next_run_at", time_or_null(schedule.next_run_at)},
          {"jitter", schedule.jitter.count()},
          {"catch_up", schedule.catch_up.count()}};
}

Schedule schedule_from_json(const json& object) {
  try {
    Schedule schedule;
    object.at("id").get_to(schedule.id);
    schedule.backup_type = optional_text(object.at("backup_type"));
    object.at("schedule").get_to(schedule.schedule);
    object.at("time_zone").get_to(schedule.time_zone);
    object.at("command").get_to(schedule.command);
    schedule.destination = optional_text(object.at("destination"));
    schedule.retention_policy = object.at("retention_policy_json");
    object.at("enabled").get_to(schedule.enabled);
    schedule.last_run_at = optional_time(object.at("last_run_at"));
    schedule.next_run_at = optional_time(object.at("next_run_at"));
    schedule.jitter = std::chrono::seconds{object.at("jitter").get<std::int64_t>()};
    schedule.catch_up = std::chrono::seconds{object.at("catch_up").get<std::int64_t>()};
    return schedule;
  } catch (const json::exception& error) {
    throw util::Error{util::ErrorKind::damaged, fmt::format("no schedule: {}", error.what())};
  }
}

}  // namespace bkp::schedule
