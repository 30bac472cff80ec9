#pragma once

#include <kainjow/mustache.hpp>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// What the page says of the export of the configuration.
void add_configuration(kainjow::mustache::data& page, const RunbookModel& model);

}  // namespace bkp::report
