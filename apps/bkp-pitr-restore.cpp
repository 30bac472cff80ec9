#include "cli/run_main.hpp"
#include "command/pitr_restore.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::PitrRestoreOptions>(argc, argv);
}
