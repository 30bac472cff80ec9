#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/sink.hpp"

namespace bkp::stream {

struct Digests {
  std::string md5;     ///< 32 lower-case hex digits (RFC 1321)
  std::string sha256;  ///< 64 lower-case hex digits (FIPS 180-4)
  std::string xxh3;    ///< 32: XXH3, 128 bits, canonical (xxHash's specification; `xxhsum -H2`)
  std::uint64_t bytes = 0;
  bool operator==(const Digests&) const = default;
};

enum class DigestSet { md5_and_sha256, sha256, xxh3 };

/// Passes data on unchanged and takes its digests in one pass; those that are not asked for stay
/// empty. MD5 takes most of the time, and proves nothing that SHA-256 does not. XXH3 takes next to
/// none, and tells contents apart that nobody has made to look alike.
class HashSink final : public Sink {
 public:
  explicit HashSink(Sink& next, DigestSet digests = DigestSet::md5_and_sha256);
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
/// SHA-256 as its 32 bytes.
std::vector<std::byte> sha256_of(std::string_view text);

}  // namespace bkp::stream
