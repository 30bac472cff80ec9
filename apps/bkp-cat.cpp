#include "cli/run_main.hpp"
#include "command/cat.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::CatOptions>(argc, argv);
}
