#include "cli/run_main.hpp"
#include "command/wal_fetch.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::WalFetchOptions>(argc, argv);
}
