#include "cli/dispatcher.hpp"

int main(int argc, char** argv) {
  return bkp::cli::dispatch(argc, argv);
}
