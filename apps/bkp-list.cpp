#include "cli/run_main.hpp"
#include "command/list.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::ListOptions>(argc, argv);
}
