#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "stream/sink.hpp"

namespace bkp::stream {

/// Where zstd's own choices are not the best for what is compressed.
struct ZstdTuning {
  /// What one thread takes at a time, at least 512 KiB. 0: zstd's choice, which leaves threads idle
  /// when all there is are some MiB.
  int job_bytes = 0;
  /// No thread beside the caller's, whatever `threads` is: for many streams at a time.
  bool alone = false;
  /// In place of the level's search for repetitions: ZSTD_fast, which looks at one place for each
  /// hash of `min_match` bytes, and 2^`hash_log` hashes. The level's window stays.
  struct FastSearch {
    int min_match;  ///< 3 to 7
    int hash_log;   ///< 6 to 30
  };
  std::optional<FastSearch> fast_search = {};
};

/// Compresses to one zstd frame (RFC 8878) with content checksum.
/// `level` 1..19; `threads` compress beside the caller's, 0 = as many as there are cores. Memory is
/// bounded and grows with level and threads. Errors: Error{internal}.
class ZstdCompressSink final : public Sink {
 public:
  ZstdCompressSink(Sink& next, int level, int threads, const ZstdTuning& tuning = {});
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
