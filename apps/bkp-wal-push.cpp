#include "cli/run_main.hpp"
#include "command/wal_push.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::WalPushOptions>(argc, argv);
}
