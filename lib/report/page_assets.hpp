#pragma once

#include <kainjow/mustache.hpp>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// What the page says of files that databases know by their checksums.
void add_assets(kainjow::mustache::data& page, const RunbookModel& model);

}  // namespace bkp::report
