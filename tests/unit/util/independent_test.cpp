#include "util/independent.hpp"

#include <poll.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/error_of.hpp"

using namespace bkp;

namespace {

util::Command shell(const std::string& script) {
  util::Command command;
  command.argv = {"/bin/sh", "-c", script};
  command.environment = util::Environment::of_this_process();
  return command;
}

}  // namespace

TEST_CASE("an independent program is waited for, and tells how it ended") {
  util::IndependentProgram seven{shell("exit 7")};
  pollfd ended{seven.fd(), POLLIN, 0};
  CHECK(::poll(&ended, 1, 60'000) == 1);
  CHECK(seven.wait().code == 7);
  util::IndependentProgram told{shell("kill -STOP $$")};
  told.send(SIGKILL);
  CHECK(told.wait().signal == SIGKILL);
}

TEST_CASE("an independent program leads a group of its own, and has no stdin") {
  util::IndependentProgram program{
      shell("test \"$(cut -d' ' -f5 /proc/$$/stat)\" -eq $$ && ! read line")};
  CHECK(program.wait().success());
}

TEST_CASE("a program that is not there cannot be started") {
  auto command = shell("");
  command.argv = {"/nonexistent/program"};
  CHECK(test::error_of([&] { util::IndependentProgram{command}; }).kind() ==
        util::ErrorKind::internal);
}
