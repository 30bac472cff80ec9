#include "cli/run_main.hpp"
#include "command/hold.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::HoldOptions>(argc, argv);
}
