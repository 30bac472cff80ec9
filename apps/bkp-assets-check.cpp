#include "command/commands.hpp"

int main(int argc, char** argv) {
  return bkp::command::run_command("assets-check", argc, argv);
}
