#include "cli/run_main.hpp"
#include "command/catalog.hpp"

int main(int argc, char** argv) {
  return bkp::cli::run_main<bkp::command::CatalogOptions>(argc, argv);
}
