#include "util/process.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <chrono>
#include <csignal>
#include <optional>

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp::util;

namespace {

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  command.environment = Environment::of_this_process().for_child();
  return command;
}

/// Handles a signal in this process while it lives, and puts back what was there.
class SignalAction {
 public:
  SignalAction(int number, void (*handler)(int)) : m_number{number} {
    struct sigaction action {};
    action.sa_handler = handler;
    ::sigaction(number, &action, &m_before);
  }
  SignalAction(const SignalAction&) = delete;
  SignalAction& operator=(const SignalAction&) = delete;
  ~SignalAction() { ::sigaction(m_number, &m_before, nullptr); }

 private:
  int m_number;
  struct sigaction m_before {};
};

/// What runs on the two sides of a fork, before anything else does; a handler of pthread_atfork(3)
/// cannot be taken back, so it asks here.
void (*in_parent)() = nullptr;
void (*in_child)() = nullptr;

void hook_into_fork() {
  static const int registered = ::pthread_atfork(
      nullptr,
      [] {
        if (in_parent != nullptr) in_parent();
      },
      [] {
        if (in_child != nullptr) in_child();
      });
  REQUIRE(registered == 0);
}

Interrupt* to_request = nullptr;

}  // namespace

TEST_CASE("a program's output, its complaints and its end come back") {
  const Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  const auto finished = processes.run(shell("echo out; echo problem >&2; exit 3"));
  CHECK(finished.standard_output == "out\n");
  CHECK(finished.stderr_tail == "problem\n");
  CHECK(finished.status.code == 3);
  CHECK(finished.status.to_string() == "exit code 3");
  CHECK(processes.run(shell("kill -9 $$")).status.signal == SIGKILL);
}

TEST_CASE("a signal between fork and exec ends the child and does not touch the parent") {
  Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  hook_into_fork();
  to_request = &interrupt;
  const SignalAction action{SIGTERM, [](int number) { to_request->request(number); }};
  in_child = [] { ::raise(SIGTERM); };
  const auto finished = processes.run(shell("exit 0"));
  in_child = nullptr;
  CHECK(finished.status.signal == SIGTERM);
  pollfd requested{interrupt.fd(), POLLIN, 0};
  CHECK(::poll(&requested, 1, 0) == 0);
}

TEST_CASE("a failure is noticed though the starter of this process ignored SIGCHLD") {
  const SignalAction action{SIGCHLD, SIG_IGN};
  const Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  CHECK(processes.run(shell("exit 3")).status.code == 3);
}

TEST_CASE("a child that was reaped by somebody else has not succeeded") {
  const Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  auto command = shell("read line; exit 0");
  command.stdin_pipe = true;
  const auto child = processes.start(command);
  const SignalAction action{SIGCHLD, SIG_IGN};
  child->stdin_pipe().reset();
  const auto status = child->wait();
  CHECK_FALSE(status.success());
  CHECK(status.to_string() == "exit code unknown");
}

// The sanitizer that looks at types opens files to do so.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a program that cannot be watched is not started, rather than waited for in vain") {
  const Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  hook_into_fork();
  static rlimit before;
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  in_parent = [] {
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  };
  std::optional<Error> error;
  try {
    processes.run(shell("exec sleep 600"));
  } catch (const Error& thrown) {
    error = thrown;
  }
  in_parent = nullptr;
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(error);
  CHECK(error->message() == "cannot watch a program: Too many open files");
}
#endif

TEST_CASE("a daemon that a program leaves behind with its stderr holds nobody up") {
  const Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  const auto started = std::chrono::steady_clock::now();
  const auto finished =
      processes.run(shell("daemon=$(setsid sh -c 'echo $$; exec sleep 60 >/dev/null' &)\n"
                          "echo $daemon; echo problem >&2; exit 1"));
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds{30});
  CHECK(finished.status.code == 1);
  CHECK(finished.stderr_tail == "problem\n");
  ::kill(std::stoi(finished.standard_output), SIGKILL);
}
