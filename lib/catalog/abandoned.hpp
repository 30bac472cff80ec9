#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::catalog {

/// Marks as `failed` the runs that are `running` in the catalog and whose process is known to be
/// gone: it ran on this machine. Returns how many.
std::size_t close_abandoned_runs(pg::Connection& session);

/// Marks as `failed` the backups, and their unfinished copies, that are `running` in the catalog
/// although no run that may still live, other than `own_run_key`, is at work on them. A run on
/// another machine counts as live as long as it is open. Returns their labels.
std::vector<std::string> fail_abandoned_backups(pg::Connection& session,
                                                const std::string& own_run_key,
                                                const std::string& reason);

}  // namespace bkp::catalog
