#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bkp::cli {
struct CommandInfo;
}

namespace bkp::command {

/// Every command, in the order of bkp(1).
std::vector<cli::CommandInfo> all_commands();

/// The whole of the program of a command, which is one of all_commands(): cli::run_main().
int run_command(std::string_view name, int argc, char** argv);

/// cli::check_arguments(): what channels are told such a run is about. Throws Error{usage} unless
/// `name` is one of all_commands() and its program would take these arguments.
std::string check_arguments(std::string_view name, const std::vector<std::string>& arguments);

}  // namespace bkp::command
