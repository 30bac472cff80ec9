#pragma once

#include <vector>

#include "cli/report.hpp"

namespace bkp::cli {

/// What `bkp` says where it does not become a command's program (apps/bkp.cpp): `bkp help
/// [COMMAND]` shows the man page, `bkp --version` the versions, and an unknown command is an error.
/// Runs as libexec/bkp/dispatcher beside those programs, so a moved tree keeps working. `known`
/// explains the commands in the list of those that are installed. Returns the exit code where it
/// does not become another program.
int dispatch(int argc, char** argv, const std::vector<CommandInfo>& known);

}  // namespace bkp::cli
