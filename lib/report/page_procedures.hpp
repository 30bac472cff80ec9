#pragma once

#include <kainjow/mustache.hpp>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// What the site has written down itself, for what bkp does not bring back.
void add_procedures(kainjow::mustache::data& page, const RunbookModel& model);

}  // namespace bkp::report
