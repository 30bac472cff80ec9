#include "cli/run_main.hpp"
#include "command/consolidate.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::ConsolidateOptions>(argc, argv);
}
