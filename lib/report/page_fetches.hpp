#pragma once

#include <string>

#include <kainjow/mustache.hpp>

#include "report/runbook_commands.hpp"
#include "report/runbook_model.hpp"

namespace bkp::report {

/// Where the files of a backup are, and the blocks that bring them there: for the partial
/// `fetch_files`.
void add_fetches(kainjow::mustache::data& target, const RunbookModel& model,
                 const FetchCommands& commands, const std::string& scenario);

}  // namespace bkp::report
