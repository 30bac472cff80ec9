#pragma once

#include <cstddef>
#include <memory>

#include "stream/sink.hpp"

namespace bkp::stream {

/// Hands data to the next stage on a thread of its own through a queue bounded in bytes, so that
/// two stages work at once. Small pieces travel together, in chunks of an eighth of the capacity,
/// at most 1 MiB; write() waits while all chunks are full. An exception of the next stage comes out
/// of the following write() and of every call after it. The next stage sees one thread only; it is
/// finished on that thread, and aborted by the thread that owns the queue, after the other has
/// ended.
class QueueSink final : public Sink {
 public:
  explicit QueueSink(Sink& next, std::size_t capacity_bytes = std::size_t{8} << 20U);
  ~QueueSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

  /// Hands over the rest and lets the next stage finish on its thread without waiting for it;
  /// finish() must follow and waits. So several queues can finish at the same time.
  void start_finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::stream
