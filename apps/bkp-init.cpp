#include "cli/run_main.hpp"
#include "command/init.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::InitOptions>(argc, argv);
}
