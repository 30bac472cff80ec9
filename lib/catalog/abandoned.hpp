#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::catalog {

/// Marks as `failed` the runs that are `running` in the catalog and whose process is known to be
/// gone: it ran on this machine. With them the backups they left `running`, and the unfinished
/// copies of those. Returns the labels of these backups. Any command may do it: a run that is gone
/// needs no lock.
std::vector<std::string> close_abandoned_runs(pg::Connection& session);

/// The same, and also for every backup that is `running` although no run that may still live, other
/// than `own_run_key`, is at work on it; for a holder of the write lock. A run on another machine
/// counts as live as long as it is open. Returns the labels of all.
std::vector<std::string> fail_abandoned_backups(pg::Connection& session,
                                                const std::string& own_run_key,
                                                const std::string& reason);

}  // namespace bkp::catalog
