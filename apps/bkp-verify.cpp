#include "cli/run_main.hpp"
#include "command/verify.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::VerifyOptions>(argc, argv);
}
