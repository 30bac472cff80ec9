#include "support/running_program.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ostream>
#include <span>
#include <utility>

namespace bkp::test {

namespace {

std::string contents(int fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (off_t offset = 0;;) {
    const ssize_t length = ::pread(fd, buffer.data(), buffer.size(), offset);
    if (length <= 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(length));
    offset += length;
  }
}

int milliseconds_until(std::chrono::steady_clock::time_point moment) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      moment - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::string Outcome::describe() const {
  std::string text = "$ " + command + "\n";
  if (timed_out) {
    text += "[timed out]";
  } else if (signal != 0) {
    text += "[killed by signal " + std::to_string(signal) + "]";
  } else {
    text += "[exit code " + std::to_string(exit_code) + "]";
  }
  return text + "\n--- stdout\n" + out + "\n--- stderr\n" + err;
}

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << outcome.describe();
}

RunningProgram::RunningProgram(Parts parts) : m_parts{std::move(parts)} {}

RunningProgram::RunningProgram(RunningProgram&& other) noexcept
    : m_parts{std::move(other.m_parts)},
      m_started{other.m_started},
      m_outcome{std::move(other.m_outcome)} {
  other.m_parts.pid = 0;
}

RunningProgram& RunningProgram::operator=(RunningProgram&& other) noexcept {
  std::swap(m_parts, other.m_parts);
  std::swap(m_started, other.m_started);
  std::swap(m_outcome, other.m_outcome);
  return *this;
}

RunningProgram::~RunningProgram() {
  if (owns_child()) {
    ::kill(-m_parts.pid, SIGKILL);
    reap(false);
  }
}

/// What the program wrote to its terminal is moved to the file as stdout is.
void RunningProgram::drain_terminal() {
  std::array<char, 65536> buffer{};
  while (m_parts.terminal) {
    pollfd readable{m_parts.terminal.get(), POLLIN, 0};
    if (::poll(&readable, 1, 0) <= 0) {
      return;
    }
    const ssize_t length = ::read(m_parts.terminal.get(), buffer.data(), buffer.size());
    if (length <= 0) {
      m_parts.terminal.reset();
      return;
    }
    util::write_all(m_parts.out.get(),
                    std::as_bytes(std::span{buffer.data(), static_cast<std::size_t>(length)}),
                    "output of a test program");
  }
}

bool RunningProgram::ended_within(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    drain_terminal();
    // A descriptor of -1, no terminal, is passed over.
    std::array<pollfd, 2> waiting{pollfd{m_parts.handle.get(), POLLIN, 0},
                                  pollfd{m_parts.terminal.get(), POLLIN, 0}};
    const int count = ::poll(waiting.data(), waiting.size(), milliseconds_until(deadline));
    if (waiting[0].revents != 0) {
      return true;
    }
    if (count == 0) {
      return false;
    }
  }
}

void RunningProgram::reap(bool timed_out) {
  int status = 0;
  rusage usage{};
  while (::wait4(m_parts.pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  // Members of the group that outlived their leader must not outlive the test.
  ::kill(-m_parts.pid, SIGKILL);
  drain_terminal();
  Outcome result;
  result.command = m_parts.command;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.timed_out = timed_out;
  result.out = contents(m_parts.out.get());
  result.err = contents(m_parts.err.get());
  result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - m_started);
  result.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  result.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  m_outcome = std::move(result);
}

bool RunningProgram::running() {
  return owns_child() && !ended_within(std::chrono::milliseconds{0});
}

void RunningProgram::signal(int number) {
  if (owns_child()) {
    ::kill(m_parts.pid, number);
  }
}

void RunningProgram::signal_group(int number) {
  if (owns_child()) {
    ::kill(-m_parts.pid, number);
  }
}

std::string RunningProgram::out_so_far() {
  drain_terminal();
  return contents(m_parts.out.get());
}

std::string RunningProgram::err_so_far() {
  return contents(m_parts.err.get());
}

void RunningProgram::type(const std::string& text) {
  util::write_all(m_parts.terminal.get(), std::as_bytes(std::span{text}), "a test's terminal");
}

Outcome RunningProgram::wait() {
  if (!m_outcome) {
    const bool ended = ended_within(m_parts.timeout);
    if (!ended) {
      ::kill(-m_parts.pid, SIGKILL);
    }
    reap(!ended);
  }
  return *m_outcome;
}

}  // namespace bkp::test
