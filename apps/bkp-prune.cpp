#include "cli/run_main.hpp"
#include "command/prune.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::PruneOptions>(argc, argv);
}
