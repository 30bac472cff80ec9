#pragma once

#include "command/schedule.hpp"
#include "schedule/schedule.hpp"

namespace bkp::command {

/// Throws Error{usage} unless the options and the number of operands are those of the action.
void require_fitting(const ScheduleOptions& options);

/// What the options say of a schedule put into one; what they do not say stays. `command` (several
/// words are one each) is left out when empty. Throws Error{usage} for what cannot be: an
/// expression that is never due, a time zone, a command or options of it that bkp does not know, a
/// policy that cannot be read; Error{not_found} for a store that the configuration does not have.
void apply(const ScheduleOptions& options, const std::vector<std::string>& command,
           const config::Config& config, schedule::Schedule& schedule);

/// Throws Error{usage} for what apply() would not let pass.
void check_schedule(const schedule::Schedule& schedule, const config::Config& config);

/// Notes in the audit trail that a schedule was changed ("add", "edit", …).
void audit_schedule(run::Context& context, const std::string& action,
                    const schedule::Schedule& schedule, const nlohmann::json& before = nullptr);

/// One of the configuration's, checked likewise.
schedule::Schedule schedule_of(const config::Schedule& wanted, const config::Config& config);

}  // namespace bkp::command
