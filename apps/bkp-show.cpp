#include "cli/run_main.hpp"
#include "command/show.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::ShowOptions>(argc, argv);
}
