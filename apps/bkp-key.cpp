#include "cli/run_main.hpp"
#include "command/key.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::KeyOptions>(argc, argv);
}
