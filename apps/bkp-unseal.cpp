#include "cli/run_main.hpp"
#include "command/unseal.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::UnsealOptions>(argc, argv);
}
