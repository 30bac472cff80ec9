#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "stream/sink.hpp"
#include "util/fd.hpp"

namespace bkp::stream {

/// Keeps a stream, so that it can be sent on several times: in memory, and beyond `in_memory` bytes
/// in a file without a name in `directory`. Once it is finished any number of threads may replay
/// it.
class ReplayBuffer final : public Sink {
 public:
  ReplayBuffer(std::size_t in_memory, std::filesystem::path directory);
  void write(std::span<const std::byte> data) override;
  void finish() override {}
  void abort() noexcept override {}

  std::uint64_t bytes() const { return m_in_memory + m_in_file; }
  /// Writes all of it to `sink`, which is not finished.
  void replay(Sink& sink) const;

 private:
  void keep(std::span<const std::byte> data);

  std::size_t m_limit;
  std::filesystem::path m_directory;
  std::vector<std::vector<std::byte>> m_pieces;  ///< each full but the last, and never moved
  std::uint64_t m_in_memory = 0;
  util::Fd m_file;  ///< what comes behind the memory; open once there is something
  std::uint64_t m_in_file = 0;
};

}  // namespace bkp::stream
