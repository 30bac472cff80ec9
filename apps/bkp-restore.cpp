#include "cli/run_main.hpp"
#include "command/restore.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::RestoreOptions>(argc, argv);
}
