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

/// Of several runs that were missed one begins, that of the latest moment. It may be late by
/// `catch_up`, and by a few minutes in any case. A next run that is further away than its
/// expression allows was planned by a clock that was wrong, and is planned again; not so when the
/// clock was set back by less than the time between two runs, so that none begins twice. Throws
/// Error{usage} for an expression or a time zone that cannot be read.
Step step_of(const Schedule& schedule, Time now, const Delay& delay);

/// The coming moments, at most `count`, without jitter. Throws likewise.
std::vector<Time> coming(const Schedule& schedule, Time after, std::size_t count);

}  // namespace bkp::schedule
