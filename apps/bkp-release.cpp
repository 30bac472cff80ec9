#include "cli/run_main.hpp"
#include "command/release.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::ReleaseOptions>(argc, argv);
}
