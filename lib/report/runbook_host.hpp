#pragma once

#include <string>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// The commands that put on a fresh host what bkp needs; see runbook_commands.hpp. Empty where
/// there is nothing to do.

/// Writes the configuration, without secrets.
std::string write_config(const RunbookModel& model);
/// Gives the stores' files to the user bkp runs as.
std::string give_stores(const RunbookModel& model);
/// Makes the places of the configuration and of bkp's own files, for that user.
std::string give_places(const RunbookModel& model);

}  // namespace bkp::report
