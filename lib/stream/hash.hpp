#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stream/sink.hpp"

namespace bkp::stream {

struct Digests {
  std::string md5;     ///< 32 lower-case hex digits (RFC 1321)
  std::string sha256;  ///< 64 lower-case hex digits (FIPS 180-4)
  std::uint64_t bytes = 0;
  bool operator==(const Digests&) const = default;
};

/// Passes data on unchanged and takes its MD5 and SHA-256 in one pass.
class HashSink final : public Sink {
 public:
  explicit HashSink(Sink& next);
  ~HashSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;
  /// Valid after finish().
  const Digests& digests() const;

 private:
  struct State;
  Sink& m_next;
  std::unique_ptr<State> m_state;
};

/// Digests of a text in memory.
Digests digests_of(std::string_view text);

}  // namespace bkp::stream
