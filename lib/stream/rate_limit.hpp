#pragma once

#include <chrono>
#include <cstdint>

#include "stream/sink.hpp"
#include "util/clock.hpp"

namespace bkp::stream {

/// Passes data on at no more than `bytes_per_second` on average (0 = no limit), in slices small
/// enough that no burst exceeds a tenth of a second's share (or one byte), also after a pause of
/// the source. Sleeps through `clock`, which must outlive it. A stage behind sees every slice as it
/// goes, and can end a slow stream by throwing.
class RateLimitSink final : public Sink {
 public:
  RateLimitSink(Sink& next, std::uint64_t bytes_per_second, const util::Clock& clock);
  ~RateLimitSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  Sink& m_next;
  std::uint64_t m_rate;
  const util::Clock& m_clock;
  std::chrono::steady_clock::time_point m_due;  ///< when the next slice may go
  bool m_ended = false;
};

}  // namespace bkp::stream
