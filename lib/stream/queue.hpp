#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "stream/sink.hpp"

namespace bkp::stream {

/// Hands data to the next stage on a thread of its own through a queue bounded in bytes, so that
/// two stages work at once. Small pieces travel together, in chunks of an eighth of the capacity,
/// at most 1 MiB; write() waits while all chunks are full. An exception of the next stage comes out
/// of the following write() and of every call after it. The next stage sees one thread only, which
/// finishes it, or aborts it once it has thrown or the queue was aborted.
class QueueSink final : public Sink {
 public:
  explicit QueueSink(Sink& next, std::size_t capacity_bytes = std::size_t{8} << 20U);
  ~QueueSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

  /// Takes what there is room for, without waiting; returns how many bytes that are.
  std::size_t write_some(std::span<const std::byte> data);
  /// Waits, at most so long, until write_some() would take something, or throw; false when it would
  /// not.
  bool wait_for_room(std::chrono::milliseconds longest);
  /// Whether the next stage has nothing to do but wait for data.
  bool idle() const;

  /// Hands over the rest and lets the next stage finish on its thread without waiting for it;
  /// finish() must follow and waits. So several queues can finish at the same time.
  void start_finish();
  /// Tells the thread to abort the next stage, as soon as that returns from what it is at, without
  /// waiting for it; abort() or the destructor must follow and waits.
  void start_abort() noexcept;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::stream
