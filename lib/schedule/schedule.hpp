#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "util/clock.hpp"

namespace bkp::schedule {

using util::Time;

/// One row of backup_schedules.
struct Schedule {
  std::int64_t id = 0;                     ///< 0: it is in no table yet
  std::optional<std::string> backup_type;  ///< of the backups it makes; none: it makes none
  std::string schedule;                    ///< cron::Expression
  std::string time_zone = "UTC";           ///< cron::TimeZone
  std::string command;                     ///< see words_of_command()
  std::optional<std::string> destination;  ///< a store
  nlohmann::json retention_policy;         ///< of `prune`, see bkp-prune(1); null: the stores' own
  bool enabled = true;
  std::optional<Time> last_run_at;  ///< when the last run was due
  std::optional<Time> next_run_at;  ///< when the next one begins; none: not worked out, or never
  std::chrono::seconds jitter{0};   ///< a run begins up to so much later, by chance
  std::chrono::seconds catch_up{std::chrono::hours{24 * 7}};  ///< so late a run may begin
  bool operator==(const Schedule&) const = default;
};

/// The columns of the data model under their names; times as catalog::time_text() has them,
/// durations in seconds.
nlohmann::json to_json(const Schedule& schedule);
/// The inverse. Throws Error{damaged}.
Schedule schedule_from_json(const nlohmann::json& object);

}  // namespace bkp::schedule
