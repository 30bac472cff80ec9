#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "seal/header.hpp"
#include "seal/primitives.hpp"

namespace bkp::seal {

/// The payload of an age file: after the header a nonce of 16 bytes, then chunks of 64 KiB, the
/// last one shorter or not, each followed by its tag (age-encryption.org/v1, "The payload").

constexpr std::size_t payload_nonce_size = 16;
constexpr std::size_t chunk_size = std::size_t{64} << 10U;
constexpr std::size_t sealed_chunk_size = chunk_size + ChaChaPoly::tag_size;

using PayloadNonce = std::array<std::byte, payload_nonce_size>;

/// Seals or opens the chunks of one payload in their order.
class Chunks {
 public:
  Chunks(const FileKey& file_key, const PayloadNonce& nonce)
      : m_cipher{hkdf(file_key.bytes(), nonce, "payload")} {}

  /// `sealed` has room for `plain` and the tag.
  void seal(Bytes plain, bool last, std::span<std::byte> sealed) {
    m_cipher.seal(nonce(last), plain, sealed);
    ++m_count;
  }
  /// False when this is not what was sealed as this chunk; then another attempt may be made.
  bool open(Bytes sealed, bool last, std::span<std::byte> plain) {
    if (!m_cipher.open(nonce(last), sealed, plain)) return false;
    ++m_count;
    return true;
  }
  /// How many there were.
  std::uint64_t count() const { return m_count; }

 private:
  // 11 bytes of count, big-endian, and one that tells the last chunk.
  ChaChaPoly::Nonce nonce(bool last) const {
    ChaChaPoly::Nonce nonce{};
    for (std::size_t i = 0; i < sizeof m_count; ++i)
      nonce[10 - i] = static_cast<std::byte>(m_count >> 8 * i);
    nonce[11] = std::byte{last};
    return nonce;
  }

  ChaChaPoly m_cipher;
  std::uint64_t m_count = 0;
};

}  // namespace bkp::seal
