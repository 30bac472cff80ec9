#include "cli/dispatcher.hpp"
#include "command/commands.hpp"

int main(int argc, char** argv) {
  return bkp::cli::dispatch(argc, argv, bkp::command::all_commands());
}
