#include "support/program.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <system_error>

#include "support/fail.hpp"
#include "util/fd.hpp"

namespace bkp::test {

namespace {

util::Fd checked(int fd, const std::string& what) {
  if (fd < 0) {
    fail(what);
  }
  return util::Fd{fd};
}

/// Files and not pipes: nothing to drain, so no thread and no deadlock.
util::Fd memory_file(const char* name) {
  return checked(::memfd_create(name, MFD_CLOEXEC), "memfd_create");
}

util::Fd open_input(const std::optional<std::string>& text) {
  if (!text) {
    return checked(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null");
  }
  util::Fd file = memory_file("stdin");
  util::write_all(file.get(), std::as_bytes(std::span{*text}), "stdin of a test program");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

util::Fd open_log(const std::filesystem::path& path) {
  return checked(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
                 "open " + path.string());
}

/// By number: <sys/pidfd.h> of glibc 2.36 declares pidfd_open() without C linkage.
util::Fd open_handle(pid_t pid) {
  return checked(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "pidfd_open");
}

struct PseudoTerminal {
  util::Fd ours;
  util::Fd theirs;  ///< held until the program has it: without any holder it would hang up
  std::string path;
};

PseudoTerminal open_terminal() {
  PseudoTerminal terminal;
  terminal.ours = checked(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt");
  std::array<char, 64> path{};
  if (::grantpt(terminal.ours.get()) != 0 || ::unlockpt(terminal.ours.get()) != 0 ||
      ::ptsname_r(terminal.ours.get(), path.data(), path.size()) != 0) {
    fail("pseudo terminal");
  }
  terminal.path = path.data();
  terminal.theirs = checked(::open(path.data(), O_RDWR | O_NOCTTY | O_CLOEXEC), "open terminal");
  termios modes{};
  ::tcgetattr(terminal.theirs.get(), &modes);
  // Line ends as the program writes them, and only what the program writes.
  modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal.theirs.get(), TCSANOW, &modes);
  const winsize size{24, 80, 0, 0};
  ::ioctl(terminal.ours.get(), TIOCSWINSZ, &size);
  return terminal;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) {
    result.push_back(string.data());
  }
  result.push_back(nullptr);
  return result;
}

/// Everything the child needs, made before the fork: after it only async-signal-safe calls follow.
struct Launch {
  char* const* argv;
  char* const* environment;
  const char* directory;
  const User* user;
  int death_signal;
  pid_t parent;
  int input;
  int out;
  int err;
  const char* terminal;
  int report;
};

/// In a session of its own; with a terminal this makes it the controlling one.
bool take_terminal(const char* path) {
  const int fd = ::setsid() < 0 ? -1 : ::open(path, O_RDWR);
  return fd >= 0 && ::dup2(fd, 0) == 0 && ::dup2(fd, 1) == 1 && ::dup2(fd, 2) == 2;
}

bool take_files(const Launch& launch) {
  return ::setpgid(0, 0) == 0 && ::dup2(launch.input, 0) == 0 && ::dup2(launch.out, 1) == 1 &&
         ::dup2(launch.err, 2) == 2;
}

bool become(const User& user) {
  return ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
         ::setresgid(user.gid, user.gid, user.gid) == 0 &&
         ::setresuid(user.uid, user.uid, user.uid) == 0;
}

[[noreturn]] void run_child(const Launch& launch) {
  const bool prepared =
      (launch.terminal != nullptr ? take_terminal(launch.terminal) : take_files(launch)) &&
      (launch.user == nullptr || become(*launch.user)) &&
      (launch.directory == nullptr || ::chdir(launch.directory) == 0) &&
      // After the change of user, which clears it.
      ::prctl(PR_SET_PDEATHSIG, launch.death_signal) == 0;
  if (prepared && ::getppid() == launch.parent) {
    for (int number = 1; number < NSIG; ++number) {
      ::signal(number, SIG_DFL);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvpe(launch.argv[0], launch.argv, launch.environment);
  }
  const int error_number = errno;
  [[maybe_unused]] const ssize_t ignored =
      ::write(launch.report, &error_number, sizeof error_number);
  ::_exit(127);
}

/// The errno of a child that could not start; 0 when the exec closed the pipe.
int start_error(int fd) {
  int error_number = 0;
  return ::read(fd, &error_number, sizeof error_number) == sizeof error_number ? error_number : 0;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

}  // namespace

Variables clean_environment() {
  return {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
          {"HOME", "/nonexistent"},
          {"LC_ALL", "C.UTF-8"}};
}

User system_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) {
    throw std::runtime_error{"there is no system user " + name};
  }
  User user{name, entry->pw_uid, entry->pw_gid, std::vector<gid_t>(64)};
  int count = static_cast<int>(user.groups.size());
  ::getgrouplist(name.c_str(), user.gid, user.groups.data(), &count);
  user.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return user;
}

Program::Program(std::vector<std::string> argv)
    : m_argv{std::move(argv)}, m_death_signal{SIGKILL} {}

Program& Program::with_environment(Variables variables) {
  m_environment = std::move(variables);
  return *this;
}

Program& Program::with_variable(const std::string& name, const std::string& value) {
  m_environment[name] = value;
  return *this;
}

Program& Program::with_input(std::string text) {
  m_input = std::move(text);
  return *this;
}

Program& Program::in_directory(std::filesystem::path directory) {
  m_directory = std::move(directory);
  return *this;
}

Program& Program::with_timeout(std::chrono::milliseconds timeout) {
  m_timeout = timeout;
  return *this;
}

Program& Program::as_user(User user) {
  m_user = std::move(user);
  return *this;
}

Program& Program::with_log(std::filesystem::path file) {
  m_log = std::move(file);
  return *this;
}

Program& Program::with_death_signal(int number) {
  m_death_signal = number;
  return *this;
}

Program& Program::on_terminal() {
  m_terminal = true;
  return *this;
}

RunningProgram Program::start() const {
  RunningProgram::Parts parts;
  parts.command = joined(m_argv);
  parts.timeout = m_timeout;
  parts.out = memory_file("stdout");
  parts.err = memory_file("stderr");
  const util::Fd input = open_input(m_input);
  const util::Fd log = m_log.empty() ? util::Fd{} : open_log(m_log);
  util::Pipe report = util::make_pipe();
  std::optional<PseudoTerminal> terminal;
  if (m_terminal) {
    terminal.emplace(open_terminal());
  }

  std::vector<std::string> argv = m_argv;
  std::vector<std::string> environment;
  for (const auto& [name, value] : m_environment) {
    environment.push_back(name + "=" + value);
  }
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> environment_pointers = pointers(environment);
  const Launch launch{argv_pointers.data(),
                      environment_pointers.data(),
                      m_directory.empty() ? nullptr : m_directory.c_str(),
                      m_user ? &*m_user : nullptr,
                      m_death_signal,
                      ::getpid(),
                      input.get(),
                      log ? log.get() : parts.out.get(),
                      log ? log.get() : parts.err.get(),
                      terminal ? terminal->path.c_str() : nullptr,
                      report.write.get()};
  parts.pid = ::fork();
  if (parts.pid < 0) {
    fail("fork");
  }
  if (parts.pid == 0) {
    run_child(launch);
  }
  report.write.reset();
  if (const int error_number = start_error(report.read.get()); error_number != 0) {
    ::waitpid(parts.pid, nullptr, 0);
    fail("cannot start " + parts.command, error_number);
  }
  parts.handle = open_handle(parts.pid);
  if (terminal) {
    parts.terminal = std::move(terminal->ours);
  }
  RunningProgram running{std::move(parts)};
  if (terminal && m_input) {
    running.type(*m_input);
  }
  return running;
}

Outcome Program::run() const {
  return start().wait();
}

std::string output_of(const Program& program) {
  Outcome outcome = program.run();
  if (!outcome.succeeded()) {
    throw std::runtime_error{outcome.describe()};
  }
  return std::move(outcome.out);
}

}  // namespace bkp::test
