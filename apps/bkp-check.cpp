#include "cli/run_main.hpp"
#include "command/check.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::CheckOptions>(argc, argv);
}
