#pragma once

#include <cstddef>
#include <span>

namespace bkp::stream {

/// Data is pushed: each stage holds a reference to the next, which must outlive it.
///
/// Contract of every Sink:
///
///  - write() takes all of the data or throws util::Error; after a throw only abort() and the
///    destructor may follow.
///  - finish() is called once, after the last write(); it makes the result final and finishes the
///    next stage. Nothing may be written afterwards. When it throws, the result is not final, and
///    abort() or the destructor gives it up.
///  - abort() gives the result up and aborts the next stage. Idempotent; a no-op after finish()
///    returned.
///  - A destructor aborts when finish() did not return: an exception on the way never completes an
///    object. Destructors of stages do this in their own class (a base class could not).
///  - One thread at a time, unless a stage says otherwise.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual void write(std::span<const std::byte> data) = 0;
  virtual void finish() = 0;
  virtual void abort() noexcept = 0;
};

}  // namespace bkp::stream
