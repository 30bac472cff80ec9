#include "cli/run_main.hpp"
#include "command/incr.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::IncrOptions>(argc, argv);
}
