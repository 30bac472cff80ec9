#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "util/fd.hpp"

namespace bkp::test {

/// How a program ended and what it said.
struct Outcome {
  std::string command;  ///< argv joined by blanks, for messages
  int exit_code = 0;    ///< meaningful when signal is 0
  int signal = 0;       ///< terminating signal, 0 if it exited
  bool timed_out = false;
  std::string out;
  std::string err;
  std::chrono::milliseconds duration{0};
  double cpu_seconds = 0;         ///< user and system time, of the program and those it waited for
  std::uint64_t peak_memory = 0;  ///< bytes; the largest resident set among the same

  bool succeeded() const { return exit_code == 0 && signal == 0; }
  /// Command, end and both outputs: for INFO().
  std::string describe() const;
};

/// So that CAPTURE(outcome) and INFO(outcome) show everything.
std::ostream& operator<<(std::ostream& stream, const Outcome& outcome);

/// A program that was started, in a process group of its own. The destructor kills the group and
/// reaps. The program gets a signal (SIGKILL unless told) when the thread that started it dies, so
/// it does not outlive a killed test. Not for concurrent use.
class RunningProgram {
 public:
  /// What Program::start() hands over.
  struct Parts {
    std::string command;
    pid_t pid = 0;
    util::Fd handle;    ///< pidfd: readable when the program has ended
    util::Fd out;       ///< file that collects stdout
    util::Fd err;       ///< file that collects stderr
    util::Fd terminal;  ///< the test's side of a pseudo terminal, if there is one
    std::chrono::milliseconds timeout{0};
  };
  explicit RunningProgram(Parts parts);
  RunningProgram(RunningProgram&& other) noexcept;
  RunningProgram& operator=(RunningProgram&& other) noexcept;
  ~RunningProgram();

  pid_t pid() const { return m_parts.pid; }
  bool running();
  /// Signals the program, not its group.
  void signal(int number);
  /// Signals the whole group.
  void signal_group(int number);
  /// What it has written so far; on a terminal both outputs are in out_so_far().
  std::string out_so_far();
  std::string err_so_far();
  /// Types on the program's terminal; "\n" is Enter, "\x04" (at the start of a line) the end of
  /// input.
  void type(const std::string& text);
  /// Waits for the end; kills the group (SIGKILL) when the program's timeout passes before that.
  Outcome wait();

 private:
  bool owns_child() const { return m_parts.pid != 0 && !m_outcome; }
  bool ended_within(std::chrono::milliseconds limit);
  void drain_terminal();
  void reap(bool timed_out);

  Parts m_parts;
  std::chrono::steady_clock::time_point m_started = std::chrono::steady_clock::now();
  std::optional<Outcome> m_outcome;
};

}  // namespace bkp::test
