#pragma once

#include <atomic>

#include "util/fd.hpp"

namespace bkp::util {

/// A request to end the run, set by a signal handler and looked at wherever the program waits.
/// Safe to request from a signal handler and from any thread.
class Interrupt {
 public:
  Interrupt();

  /// Asks the run to end; async-signal-safe. The first signal wins.
  void request(int signal) noexcept;
  /// The requesting signal, 0 while there is none.
  int signal() const noexcept { return m_signal.load(std::memory_order_relaxed); }
  /// Readable from the request on: put it into every poll(2).
  int fd() const noexcept { return m_pipe.read.get(); }
  /// Throws Error{interrupted} once requested.
  void check() const;

 private:
  Pipe m_pipe;
  std::atomic<int> m_signal = 0;
};

}  // namespace bkp::util
