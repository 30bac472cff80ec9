#pragma once

#include <memory>
#include <optional>

#include "stream/sink.hpp"

namespace bkp::stream {

/// In place of a level's search for repetitions: ZSTD_fast, which looks at one place for each hash
/// of `min_match` bytes, and 2^`hash_log` hashes.
struct ZstdFastSearch {
  int min_match;  ///< 3 to 7
  int hash_log;   ///< 6 to 30
};

/// Compresses each 2 MiB (the last less; at least one) to a zstd frame of its own (RFC 8878) with
/// content checksum, which together are what ZstdDecompressSink and `zstd -d` take for one file.
/// Frames are compressed beside each other, whole and where they are, which for some MiB is quicker
/// than the threads of one frame. A pgbench's WAL takes 0.3 % more than in one frame at level 3,
/// 0.2 % at 9, 1.6 % at 19.
///
/// `level` 1..19; `threads` compress, at most 8: 1 is the caller's own,
/// more are beside it. Each takes 4 MiB, and what zstd takes at that level for 2 MiB of data.
/// Errors: Error{internal}.
class ZstdFramesSink final : public Sink {
 public:
  ZstdFramesSink(Sink& next, int level, int threads, std::optional<ZstdFastSearch> search = {});
  ~ZstdFramesSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  class Frame;
  class Lane;
  class State;
  Sink& m_next;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::stream
