#pragma once

#include "util/fd.hpp"
#include "util/process.hpp"

namespace bkp::util {

/// Programs that go on when this one is killed; process.hpp has those that must not. Of `command`,
/// argv[0] is a path, and pipes and descriptors are not looked at. Throws Error{internal} when it
/// cannot be started.

/// Nobody hears of it again: in a session of its own, with /dev/null as stdin, stdout and stderr.
void start_detached(const Command& command);

/// One that this program waits for, if it lives: in this one's session and a process group of its
/// own, so that whoever ends this one's group does not end it. stdin is /dev/null, stdout and
/// stderr are this one's stderr.
class IndependentProgram {
 public:
  explicit IndependentProgram(const Command& command);

  /// Readable when it has ended.
  int fd() const { return m_pidfd.get(); }
  void send(int signal) const;
  /// Waits for its end, whatever comes. To be called once.
  ExitStatus wait();

 private:
  int m_pid;
  Fd m_pidfd;
};

}  // namespace bkp::util
