#include "cli/run_main.hpp"
#include "command/runbook.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::RunbookOptions>(argc, argv);
}
