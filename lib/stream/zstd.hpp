#pragma once

#include <memory>

#include "stream/sink.hpp"

namespace bkp::stream {

/// Compresses to one zstd frame (RFC 8878) with content checksum.
/// `level` 1..19; `threads` compress: 1 is the caller's own, more are beside it, 0 = as many as
/// there are cores. Memory is bounded and grows with level and threads. Errors: Error{internal}.
class ZstdCompressSink final : public Sink {
 public:
  ZstdCompressSink(Sink& next, int level, int threads);
  ~ZstdCompressSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  struct State;
  Sink& m_next;
  std::unique_ptr<State> m_state;
};

/// Decompresses any number of concatenated frames, at least one. Data that is no zstd, is damaged,
/// is empty or ends within a frame is Error{damaged}; so is a frame whose window exceeds 128 MiB,
/// which no level of ours makes. Pieces may have been passed on before damage behind them is found.
class ZstdDecompressSink final : public Sink {
 public:
  explicit ZstdDecompressSink(Sink& next);
  ~ZstdDecompressSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  struct State;
  Sink& m_next;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::stream
