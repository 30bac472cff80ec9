#pragma once

#include <vector>

#include "cli/report.hpp"

namespace bkp::cli {

/// The program `bkp`: `bkp COMMAND …` becomes bkp-COMMAND from the libexec directory beside this
/// program (BIN/../libexec/bkp, so a moved tree keeps working); `bkp help [COMMAND]` shows the man
/// page, `bkp --version` the versions. `known` explains the commands in the list of those that are
/// installed. Returns the exit code where it does not become another program.
int dispatch(int argc, char** argv, const std::vector<CommandInfo>& known);

}  // namespace bkp::cli
