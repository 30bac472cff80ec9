#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "run/context.hpp"
#include "schedule/schedule.hpp"
#include "util/process.hpp"

namespace bkp::schedule {

/// What became of a schedule whose time had come.
struct Outcome {
  enum class Kind {
    begun,     ///< a process was started for it
    left_out,  ///< a run was due and was not begun
    waiting,   ///< a run was missed, and begins when those missed before it have ended
    planned,   ///< nothing was due; next_run_at was put right
  };
  Kind kind = Kind::begun;
  std::int64_t schedule_id = 0;
  std::string command;
  Time due_at;                             ///< not of planned, as is
  std::string run_key;                     ///< of the run
  std::string reason;                      ///< why it was left out, or planned again; may be empty
  std::optional<util::ExitStatus> status;  ///< of begun, but for a dry run
  bool unreadable = false;                 ///< left out because it can be no schedule
  bool still_going = false;                ///< left out because the one before is

  bool failed() const { return unreadable || (status && !status->success()); }
};

/// Begins the runs that are due, each as a process of its own, and waits until they have ended.
///
/// What is begun has a row in `runs`, `pending`, from the transaction on that moves the schedule's
/// next_run_at; so a run-due that is killed at any point leaves either a schedule that is still due
/// or a run that the next one begins. A process claims its run (run::Claims), so that of two
/// started for one run the second does nothing. A process outlives a run-due that is killed. A run
/// that is left out has a row too, `cancelled`, that says why.
///
/// While the catalog is down, the schedules are those last seen there (schedule_cache.hpp).
///
/// Throws Error{database} when the catalog cannot be reached and nothing is known of its schedules;
/// Error{locked} when another run-due has been at the beginning of runs for a minute; Error
/// {interrupted} after the processes were told to end, and have.
///
/// `tell` is called for each run that was left out and each whose process has ended, as soon as
/// that is so.
///
/// Runs that were missed begin one after the other, by when they were due: those behind the first
/// stay due until it has ended.
///
/// What is due passes `check` first, which throws Error{usage} (or {not_found}) for what cannot be
/// a schedule: other programs write the table too. Such a run is left out and counts as failed.
std::vector<Outcome> run_due(run::Context& context,
                             const std::function<void(const Schedule&)>& check,
                             const std::function<void(const Outcome&)>& tell);

}  // namespace bkp::schedule
