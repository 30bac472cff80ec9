#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <openssl/types.h>

namespace bkp::bench {

/// ChaCha20-Poly1305 as OpenSSL does it, over pieces of 64 KiB with a tag each, as the payload of
/// an age file has them, and nothing else: the most that sealing can reach. Its key is all zeros.
/// What throws throws std::runtime_error.
class RawCipher {
 public:
  RawCipher();

  /// Each piece into the same place, as a stream would.
  void seal(std::span<const std::byte> plain);
  /// What seal() would make, one behind the other.
  std::vector<std::byte> sealed(std::span<const std::byte> plain);
  /// Of what sealed() gave, each piece into the same place.
  void open(std::span<const std::byte> sealed);

 private:
  struct Deleter {
    void operator()(EVP_CIPHER_CTX* context) const noexcept;
  };
  using Context = std::unique_ptr<EVP_CIPHER_CTX, Deleter>;
  static Context context(bool sealing);
  void seal_piece(std::span<const std::byte> plain, std::span<std::byte> sealed);
  void open_piece(std::span<const std::byte> sealed, std::span<std::byte> plain);

  Context m_sealing = context(true);
  Context m_opening = context(false);
};

}  // namespace bkp::bench
