#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp schedule list | next | add | edit | remove | enable | disable | run-due | crontab`: see
/// bkp-schedule(1).
struct ScheduleOptions {
  static constexpr cli::CommandInfo info{.name = "schedule",
                                         .summary = "what runs by itself, and when"};
  std::string action;
  std::vector<std::string> operands;  ///< ids, a command, or a count
  std::optional<std::string> schedule;
  std::optional<std::string> time_zone;
  std::optional<std::string> destination;  ///< empty: none
  std::optional<std::string> policy;       ///< empty: none
  std::optional<std::string> jitter;
  std::optional<std::string> catch_up;
  bool disabled = false;
  std::string user;  ///< for crontab

  /// The runs that it begins are; it looks for them once a minute.
  bool recorded() const { return action != "run-due"; }
  cli::Watch watch() const { return recorded() ? cli::Watch::no : cli::Watch::heartbeat; }
};

void define(CLI::App& app, ScheduleOptions& options);

/// Result: of list `schedules` [every column, `last_status`], of next `runs` [{schedule_id,
/// command, at}], of add, edit, enable and disable `schedules`, of remove `removed` [id], of
/// run-due `runs`
/// [{schedule_id, command, due_at, outcome: begun|left_out|planned, exit_code, reason}], of crontab
/// `crontab`.
///
/// Throws Error{usage} for what cannot be a schedule, Error{not_found} for an id there is none of,
/// Error{database} when the catalog cannot be reached, which run-due can go without. run-due leaves
/// Error{partial} in the report when a run it began has failed.
cli::Report run(const ScheduleOptions& options, run::Context& context);

}  // namespace bkp::command
