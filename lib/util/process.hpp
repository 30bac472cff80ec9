#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "util/environment.hpp"
#include "util/fd.hpp"
#include "util/interrupt.hpp"

namespace bkp::util {

/// A program to run. There is no shell: argv reaches the program as it is.
struct Command {
  std::vector<std::string> argv;   ///< argv[0] without a slash: see programs_in_path()
  Environment environment;         ///< the whole environment of the child
  bool stdin_pipe = false;         ///< otherwise the child's stdin is /dev/null
  bool stdout_pipe = false;        ///< otherwise the child's stdout goes to /dev/null
  std::vector<int> inherited_fds;  ///< descriptors the child shall have, under the same numbers
  /// argv for humans: quoted for a shell where needed. Carries no secret because argv carries none.
  std::string to_string() const;
};

/// How a child ended: by exit code or by signal.
struct ExitStatus {
  /// The code of a child that somebody else reaped: no success.
  static constexpr int unknown = -1;
  int code = 0;    ///< exit code, meaningful when signal is 0
  int signal = 0;  ///< terminating signal, 0 if it exited
  bool success() const { return code == 0 && signal == 0; }
  /// "exit code 1", "killed by signal 9 (Killed)"
  std::string to_string() const;
};

/// Waits for the end of a child of this process, whatever comes, and takes it off the system's
/// list.
ExitStatus reap(int pid) noexcept;

/// A running child in a process group of its own. The destructor ends an unreaped child: SIGTERM to
/// the group, SIGKILL after a grace of two seconds, then reaps. The child also gets SIGTERM when
/// the thread that started it dies. Not for concurrent use.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  virtual int pid() const = 0;
  virtual Fd& stdin_pipe() = 0;  ///< valid when asked for; close it to give end of file
  /// Reads the child's stdout to its end, handing over each piece (at most 1 MiB, valid during the
  /// call only). Throws Error{interrupted} when asked to end.
  virtual void read_stdout(const std::function<void(std::span<const std::byte>)>& consume) = 0;
  /// Waits for the end; throws Error{interrupted} (and ends the child) when interrupted.
  virtual ExitStatus wait() = 0;
  /// The last 8 KiB of what the child wrote to stderr. Only after wait() or terminate().
  virtual std::string stderr_tail() const = 0;
  /// Ends the child now, as the destructor does.
  virtual void terminate() noexcept = 0;
};

struct Finished {
  ExitStatus status;
  std::string standard_output;
  std::string stderr_tail;
};

/// The seam through which every program is started.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  /// Throws Error{not_found} when there is no such program, Error{internal} when it cannot start.
  virtual std::unique_ptr<ChildProcess> start(const Command& command) = 0;

  /// Starts, collects stdout (at most `limit` bytes, then Error{internal}), waits.
  Finished run(Command command, std::size_t limit = 16U << 20U);
};

class SystemProcessRunner final : public ProcessRunner {
 public:
  /// `interrupt` must outlive the runner. `trace` (may be empty) sees each command before it
  /// starts. Where this process was started with SIGCHLD ignored (a program inherits that), it gets
  /// its default action: the kernel would throw away how a child ended.
  explicit SystemProcessRunner(const Interrupt& interrupt,
                               std::function<void(const Command&)> trace = {});
  std::unique_ptr<ChildProcess> start(const Command& command) override;

 private:
  const Interrupt& m_interrupt;
  std::function<void(const Command&)> m_trace;
};

}  // namespace bkp::util
