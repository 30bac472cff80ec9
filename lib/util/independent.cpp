#include "util/independent.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>

#include <memory>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::util {

namespace {

struct ActionsDeleter {
  void operator()(posix_spawn_file_actions_t* actions) const noexcept {
    ::posix_spawn_file_actions_destroy(actions);
  }
};
struct AttributesDeleter {
  void operator()(posix_spawnattr_t* attributes) const noexcept {
    ::posix_spawnattr_destroy(attributes);
  }
};

enum class Tie { none, session };

pid_t spawn(const Command& command, Tie tie) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  const std::unique_ptr<posix_spawn_file_actions_t, ActionsDeleter> own_actions{&actions};
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  if (tie == Tie::session) {
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
  }

  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  const std::unique_ptr<posix_spawnattr_t, AttributesDeleter> own_attributes{&attributes};
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  const int group = tie == Tie::none ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
  ::posix_spawnattr_setflags(
      &attributes, static_cast<short>(group | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));

  std::vector<char*> argv;
  for (const auto& argument : command.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> lines;
  for (const auto& [name, value] : command.environment.variables())
    lines.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (auto& line : lines) envp.push_back(line.data());
  envp.push_back(nullptr);
  pid_t pid = 0;
  const int failed =
      ::posix_spawn(&pid, argv.front(), &actions, &attributes, argv.data(), envp.data());
  if (failed == 0) return pid;
  throw Error::from_errno(ErrorKind::internal, "cannot start " + quoted(command.argv.at(0)),
                          failed);
}

}  // namespace

void start_detached(const Command& command) {
  spawn(command, Tie::none);
}

IndependentProgram::IndependentProgram(const Command& command)
    : m_pid{spawn(command, Tie::session)},
      m_pidfd{static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0))} {
  if (m_pidfd) return;
  const int error_number = errno;
  send(SIGKILL);
  reap(m_pid);
  throw Error::from_errno(ErrorKind::internal, "cannot watch a program", error_number);
}

void IndependentProgram::send(int signal) const {
  ::kill(m_pid, signal);
}

ExitStatus IndependentProgram::wait() {
  return reap(m_pid);
}

}  // namespace bkp::util
