#pragma once

#include <vector>

#include "cli/report.hpp"

namespace bkp::command {

/// Every command, in the order of bkp(1).
std::vector<cli::CommandInfo> all_commands();

}  // namespace bkp::command
