#pragma once

#include <functional>

#include "schedule/schedule.hpp"

namespace bkp::schedule {

/// What is to be done about a schedule at a moment.
struct Step {
  enum class Kind {
    none,      ///< it is not due
    plan,      ///< it is not due, and next_run_at is to be put right
    begin,     ///< a run is due
    too_late,  ///< one was, and is not to begin any more
  };
  Kind kind = Kind::none;
  Time due_at;                            ///< of begin and too_late
  std::optional<Time> next_run_at;        ///< but for none: the next; none: it is never due again
  std::optional<Time> wrong_next_run_at;  ///< of plan: what stood there and cannot be right
};

/// A delay from 0 to the most.
using Delay = std::function<std::chrono::seconds(std::chrono::seconds most)>;

/// A delay as the system's generator has it.
std::chrono::seconds random_delay(std::chrono::seconds most);

/// How late a run may begin: by `catch_up`, by a few minutes in any case, and by its jitter.
std::chrono::seconds allowed_lateness(const Schedule& schedule);

/// For people: a run that was due then does not begin any more.
std::string reason_too_late(Time due_at, std::chrono::seconds may_be_late);

/// When a schedule that is new, changed or enabled runs first; nullopt: never. Throws as step_of().
std::optional<Time> first_run(const Schedule& schedule, Time now, const Delay& delay);

/// Of several runs that were missed one begins, that of the latest moment, allowed_lateness() late
/// at most. A next run that is further away than its expression allows was planned by a clock that
/// was wrong, and is planned again; not so when the clock was set back by less than the time
/// between two runs, so that none begins twice. Throws Error{usage} for an expression or a time
/// zone that cannot be read.
Step step_of(const Schedule& schedule, Time now, const Delay& delay);

/// The coming moments, at most `count`, without jitter. Throws likewise.
std::vector<Time> coming(const Schedule& schedule, Time after, std::size_t count);

}  // namespace bkp::schedule
