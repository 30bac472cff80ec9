#pragma once

#include <kainjow/mustache.hpp>

#include "report/runbook_commands.hpp"
#include "report/runbook_model.hpp"

namespace bkp::report {

/// What the page says of recovering the whole cluster to a moment.
void add_recovery(kainjow::mustache::data& page, const RunbookModel& model,
                  const ClusterCommands& cluster);

}  // namespace bkp::report
