#include "util/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/programs.hpp"
#include "util/text.hpp"

namespace bkp::util {

namespace {

constexpr std::size_t stderr_tail_limit = 8192;
constexpr std::size_t read_size = std::size_t{1} << 20U;

std::string find_program(const std::string& name, const Environment& environment) {
  if (name.find('/') != name.npos) {
    if (is_program(name)) return name;
    throw Error{ErrorKind::not_found,
                fmt::format("{} is not a program that can be run", quoted(name)),
                "check the path and its execute permission"};
  }
  const auto found = programs_in_path(name, environment);
  if (!found.empty()) return found.front().native();
  throw Error{
      ErrorKind::not_found,
      fmt::format("program {} not found in PATH ({})", quoted(name), environment.search_path()),
      "install it, or put its directory into PATH"};
}

/// What the child needs between fork and exec, prepared beforehand: nothing may be allocated there.
struct Launch {
  std::string program;
  std::vector<std::string> environment_lines;
  std::vector<char*> argv;
  std::vector<char*> envp;
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  int report_fd = -1;
  pid_t parent = 0;
};

Launch prepare(const Command& command) {
  Launch launch;
  launch.program = find_program(command.argv.at(0), command.environment);
  for (const auto& argument : command.argv)
    launch.argv.push_back(const_cast<char*>(argument.c_str()));
  launch.argv.push_back(nullptr);
  for (const auto& [name, value] : command.environment.variables()) {
    launch.environment_lines.push_back(name + "=" + value);
  }
  for (auto& line : launch.environment_lines) launch.envp.push_back(line.data());
  launch.envp.push_back(nullptr);
  launch.parent = ::getpid();
  return launch;
}

/// Keeps every signal from this thread, and from a child forked by it, while it lives.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &m_before);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }

 private:
  sigset_t m_before{};
};

/// In the child, with every signal blocked: one that came before the handlers are gone would run
/// the parent's handler here, into the pipes the two share.
[[noreturn]] void become(const Launch& launch, const Command& command) noexcept {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != launch.parent) ::_exit(127);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGQUIT, SIGCHLD})
    ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(launch.stdin_fd, 0);
  ::dup2(launch.stdout_fd, 1);
  ::dup2(launch.stderr_fd, 2);
  for (const int fd : command.inherited_fds) ::fcntl(fd, F_SETFD, 0);
  ::execve(launch.program.c_str(), launch.argv.data(), launch.envp.data());
  const int error_number = errno;
  [[maybe_unused]] const ssize_t written =
      ::write(launch.report_fd, &error_number, sizeof error_number);
  ::_exit(127);
}

pid_t fork_into(const Launch& launch, const Command& command) {
  const SignalsBlocked blocked;
  const pid_t pid = ::fork();
  if (pid == 0) become(launch, command);
  return pid;
}

/// Collects the end of a child's stderr on a thread of its own, so that the child never blocks on
/// it.
class TailReader {
 public:
  explicit TailReader(Fd fd)
      : m_fd{std::move(fd)}, m_end{make_pipe()}, m_thread{[this] { run(); }} {}
  ~TailReader() { finish(); }

  /// Takes what is there and waits for no more: a daemon that the program started may hold the
  /// other end for ever.
  void finish() {
    m_end.write.reset();
    if (m_thread.joinable()) m_thread.join();
  }
  const std::string& text() const { return m_text; }

 private:
  void run() {
    for (;;) {
      std::array<pollfd, 2> watched{pollfd{m_fd.get(), POLLIN, 0},
                                    pollfd{m_end.read.get(), POLLIN, 0}};
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) continue;
      if (watched[0].revents == 0 || !take()) return;
    }
  }

  bool take() {
    std::array<std::byte, 4096> buffer;
    const ssize_t got = ::read(m_fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    m_text.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(got));
    if (m_text.size() > 2 * stderr_tail_limit) m_text.erase(0, m_text.size() - stderr_tail_limit);
    return true;
  }

  Fd m_fd;
  Pipe m_end;  ///< closed by finish()
  std::string m_text;
  std::jthread m_thread;
};

class SystemChild final : public ChildProcess {
 public:
  SystemChild(pid_t pid, Fd in, Fd out, const Interrupt& interrupt)
      : m_pid{pid}, m_stdin{std::move(in)}, m_stdout{std::move(out)}, m_interrupt{interrupt} {}

  ~SystemChild() override { terminate(); }

  /// To be called once, first. What fails here ends the child: this object has it already.
  void watch(Fd err) {
    m_pidfd = Fd{static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0))};
    if (!m_pidfd) throw Error::from_errno(ErrorKind::internal, "cannot watch a program", errno);
    m_tail.emplace(std::move(err));
  }

  int pid() const override { return m_pid; }
  Fd& stdin_pipe() override { return m_stdin; }

  void read_stdout(const std::function<void(std::span<const std::byte>)>& consume) override {
    const auto buffer = std::make_unique<std::byte[]>(read_size);
    for (;;) {
      wait_readable(m_stdout.get(), -1);
      const std::size_t got =
          read_some(m_stdout.get(), {buffer.get(), read_size}, "a program's output");
      if (got == 0) break;
      consume({buffer.get(), got});
    }
    m_stdout.reset();
  }

  ExitStatus wait() override {
    if (m_pid > 0) {
      wait_readable(m_pidfd.get(), -1);
      reap();
    }
    return m_status;
  }

  std::string stderr_tail() const override {
    const std::string& text = m_tail->text();
    return text.size() > stderr_tail_limit ? text.substr(text.size() - stderr_tail_limit) : text;
  }

  void terminate() noexcept override {
    if (m_pid <= 0) return;
    m_stdin.reset();
    m_stdout.reset();
    ::kill(-m_pid, SIGTERM);
    pollfd ended{m_pidfd.get(), POLLIN, 0};
    constexpr int grace_milliseconds = 2000;
    ::poll(&ended, 1, grace_milliseconds);
    reap();
  }

 private:
  void wait_readable(int fd, int timeout) {
    std::array<pollfd, 2> watched{pollfd{fd, POLLIN, 0}, pollfd{m_interrupt.fd(), POLLIN, 0}};
    while (::poll(watched.data(), watched.size(), timeout) < 0) {
      if (errno != EINTR)
        throw Error::from_errno(ErrorKind::internal, "cannot wait for a program", errno);
    }
    m_interrupt.check();
  }

  /// The child has ended, or is to end now.
  void reap() noexcept {
    // Grandchildren that outlived the child would keep the pipes open. Before the child is reaped,
    // because its number may name somebody else's group afterwards.
    ::kill(-m_pid, SIGKILL);
    m_status = util::reap(m_pid);
    m_pid = 0;
    if (m_tail) m_tail->finish();
  }

  pid_t m_pid;
  Fd m_pidfd;
  Fd m_stdin;
  Fd m_stdout;
  std::optional<TailReader> m_tail;
  const Interrupt& m_interrupt;
  ExitStatus m_status;
};

}  // namespace

std::string Command::to_string() const {
  std::string text;
  for (const auto& argument : argv) {
    if (!text.empty()) text += ' ';
    text += shell_quoted(argument);
  }
  return text;
}

std::string ExitStatus::to_string() const {
  if (code == unknown) return "exit code unknown";
  if (signal != 0) return fmt::format("killed by signal {} ({})", signal, strsignal(signal));
  return fmt::format("exit code {}", code);
}

ExitStatus reap(int pid) noexcept {
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  ExitStatus result;
  if (reaped < 0) {
    result.code = ExitStatus::unknown;
  } else if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.code = WEXITSTATUS(status);
  }
  return result;
}

Finished ProcessRunner::run(Command command, std::size_t limit) {
  command.stdout_pipe = true;
  const auto child = start(command);
  Finished finished;
  child->read_stdout([&](std::span<const std::byte> piece) {
    if (finished.standard_output.size() + piece.size() > limit) {
      throw Error{ErrorKind::internal,
                  fmt::format("{} printed more than {} bytes", quoted(command.argv.at(0)), limit)};
    }
    finished.standard_output.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  finished.status = child->wait();
  finished.stderr_tail = child->stderr_tail();
  return finished;
}

SystemProcessRunner::SystemProcessRunner(const Interrupt& interrupt,
                                         std::function<void(const Command&)> trace)
    : m_interrupt{interrupt}, m_trace{std::move(trace)} {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) != 0) return;
  if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0)
    ::signal(SIGCHLD, SIG_DFL);
}

std::unique_ptr<ChildProcess> SystemProcessRunner::start(const Command& command) {
  m_interrupt.check();
  Launch launch = prepare(command);
  if (m_trace) m_trace(command);

  const Fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!null) throw Error::from_errno(ErrorKind::internal, "cannot open /dev/null", errno);
  Pipe in;
  Pipe out;
  if (command.stdin_pipe) in = make_pipe();
  if (command.stdout_pipe) {
    out = make_pipe();
    // A larger pipe lets the program run ahead while a piece is being worked on; a refusal does no
    // harm.
    ::fcntl(out.write.get(), F_SETPIPE_SZ, static_cast<int>(read_size));
  }
  Pipe err = make_pipe();
  Pipe report = make_pipe();
  launch.stdin_fd = command.stdin_pipe ? in.read.get() : null.get();
  launch.stdout_fd = command.stdout_pipe ? out.write.get() : null.get();
  launch.stderr_fd = err.write.get();
  launch.report_fd = report.write.get();

  const pid_t pid = fork_into(launch, command);
  if (pid < 0)
    throw Error::from_errno(ErrorKind::internal, "cannot start " + quoted(launch.program), errno);
  ::setpgid(pid, pid);
  in.read.reset();
  out.write.reset();
  err.write.reset();
  report.write.reset();
  auto child =
      std::make_unique<SystemChild>(pid, std::move(in.write), std::move(out.read), m_interrupt);
  child->watch(std::move(err.read));
  int error_number = 0;
  const auto got =
      read_some(report.read.get(), std::as_writable_bytes(std::span{&error_number, 1}), "a pipe");
  if (got == sizeof error_number) {
    throw Error::from_errno(ErrorKind::internal, "cannot run " + quoted(launch.program),
                            error_number);
  }
  return child;
}

}  // namespace bkp::util
