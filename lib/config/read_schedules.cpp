#include <algorithm>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "cron/expression.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

Schedule default_schedule(std::string command, std::string schedule) {
  Schedule result;
  result.command = std::move(command);
  result.schedule = std::move(schedule);
  return result;
}

// Not two at the same minute, and what a backup of the night has made is looked at after it.
std::vector<Schedule> default_schedules() {
  return {default_schedule("full", "0 2 * * *"),
          default_schedule("incr", "30 * * * *"),
          default_schedule("wal-check", "15 4 * * *"),
          default_schedule("verify --all --level checksum", "45 4 * * *"),
          default_schedule("verify", "15 5 * * sun"),
          default_schedule("assets-check", "45 3 * * *"),
          default_schedule("prune", "45 6 * * *"),
          default_schedule("status", "50 * * * *"),
          default_schedule("notify summary", "0 7 * * *"),
          default_schedule("verify --level drill", "15 3 1 * *")};
}

/// A key whose text something else must be able to read, which throws Error{usage}.
template <class Read>
std::string readable_text(const Value& value, const Read& read) {
  auto text = non_empty_text(value);
  try {
    read(text);
  } catch (const util::Error& error) {
    value.fail(fmt::format("cannot be read: {}", error.full_message()), error.hint());
  }
  return text;
}

Schedule read_schedule(const Section& section, const std::vector<Store>& stores) {
  Schedule result;
  result.line = section.line();
  result.command = non_empty_text(section.require("command", "name one, e.g. `command: full`"));
  result.schedule = readable_text(
      section.require("schedule", "say when, e.g. `schedule: \"0 2 * * *\"`, every night at two"),
      [](const std::string& text) { cron::Expression{text}; });
  if (const auto value = section.find("time_zone")) {
    result.time_zone =
        readable_text(*value, [](const std::string& text) { cron::require_time_zone(text); });
  }
  if (const auto value = section.find("destination")) {
    result.destination = non_empty_text(*value);
    if (std::ranges::find(stores, *result.destination, &Store::name) == stores.end()) {
      value->fail(fmt::format("names no store: {}", util::quoted(*result.destination)),
                  "write the name of one of `stores`");
    }
  }
  if (const auto value = section.find("jitter")) result.jitter = to_duration(*value);
  if (const auto value = section.find("catch_up")) result.catch_up = to_duration(*value);
  if (const auto value = section.find("enabled")) result.enabled = to_boolean(*value);
  return result;
}

}  // namespace

std::vector<Schedule> read_schedules(const Section& top, const std::vector<Store>& stores) {
  if (!top.find("schedules")) return default_schedules();
  std::vector<Schedule> result;
  for (const auto& section : top.sections("schedules"))
    result.push_back(read_schedule(section, stores));
  return result;
}

}  // namespace bkp::config
