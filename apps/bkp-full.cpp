#include "cli/run_main.hpp"
#include "command/full.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::FullOptions>(argc, argv);
}
