#pragma once

#include <atomic>

namespace bkp::test {

/// While it lives, what is written to the descriptor waits, until open(). One at a time.
class WriteGate {
 public:
  explicit WriteGate(int fd);
  ~WriteGate();
  WriteGate(const WriteGate&) = delete;
  WriteGate& operator=(const WriteGate&) = delete;
  void open();
  /// Somebody has come up to it.
  bool reached() const;
};

/// While it lives, only so many threads more can be started. One at a time.
class ThreadLimit {
 public:
  explicit ThreadLimit(int more);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
};

}  // namespace bkp::test
