#pragma once

#include <cstdint>
#include <vector>

#include "run/context.hpp"
#include "schedule/schedule.hpp"

namespace bkp::command {

/// Enters the configuration's schedules into a catalog that has none, and audits that; in a dry
/// run, returns what would be entered. A default of the configuration that needs the archive of the
/// server's WAL is disabled where this server does not archive with bkp, or cannot be asked.
/// Nothing is returned where there are schedules. Throws Error{database}; Error{config} for a
/// schedule of the file that cannot be.
std::vector<schedule::Schedule> enter_schedules(run::Context& context);

/// The disabled schedules that need the archive of the server's WAL; none where the catalog cannot
/// be asked.
std::vector<std::int64_t> schedules_without_archive(const run::Context& context);

}  // namespace bkp::command
