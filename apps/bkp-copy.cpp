#include "cli/run_main.hpp"
#include "command/copy.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::CopyOptions>(argc, argv);
}
