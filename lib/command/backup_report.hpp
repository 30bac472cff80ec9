#pragma once

#include "backup/full_backup.hpp"
#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// What `full` and `incr` do when the backups are taken, and say: space and runbook are brought up
/// to date, a run that took longer than its window is a warning. Troubles of these are warnings,
/// the backups stand.
cli::Report report_of(run::Context& context, const backup::FullResult& result);

}  // namespace bkp::command
