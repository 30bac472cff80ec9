#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <openssl/types.h>

#include "seal/secret.hpp"

namespace bkp::seal {

/// What the age format is made of, from OpenSSL. Everything that OpenSSL refuses, which a sound
/// library does for want of memory only, is Error{internal}.

using Bytes = std::span<const std::byte>;
using Key32 = Secret<32>;
using Digest32 = std::array<std::byte, 32>;
using Point = std::array<std::byte, 32>;

/// HKDF with SHA-256, RFC 5869; 32 bytes of output.
Key32 hkdf(Bytes key, Bytes salt, std::string_view info);

/// HMAC with SHA-256, RFC 2104.
Digest32 hmac(const Key32& key, std::string_view data);

/// In a time that does not depend on where they differ.
bool same_bytes(Bytes a, Bytes b);

/// scrypt, RFC 7914, with N = 2^log_n, r = 8, p = 1: takes 2^log_n KiB of memory.
Key32 scrypt(std::string_view passphrase, Bytes salt, int log_n);

/// X25519, RFC 7748: the public point of a secret.
Point x25519_public(const Key32& secret);
/// The secret that both share; nullopt when it is all zeros: a point of small order, which gives
/// the secret away (RFC 7748, section 6.1).
std::optional<Key32> x25519(const Key32& secret, const Point& point);

/// ChaCha20-Poly1305, RFC 8439, without associated data. A key belongs to one object of this class,
/// which is used by one thread at a time.
class ChaChaPoly {
 public:
  static constexpr std::size_t tag_size = 16;
  using Nonce = std::array<std::byte, 12>;

  explicit ChaChaPoly(const Key32& key);
  ~ChaChaPoly();
  ChaChaPoly(ChaChaPoly&&) noexcept = default;

  /// `sealed` has room for `plain` and the tag behind it.
  void seal(const Nonce& nonce, Bytes plain, std::span<std::byte> sealed);
  /// False when the tag is wrong: what stands in `plain`, which has room for `sealed` without its
  /// tag, was then wiped.
  bool open(const Nonce& nonce, Bytes sealed, std::span<std::byte> plain);

 private:
  struct Deleter {
    void operator()(EVP_CIPHER_CTX* context) const noexcept;
  };
  std::unique_ptr<EVP_CIPHER_CTX, Deleter> m_sealing;
  std::unique_ptr<EVP_CIPHER_CTX, Deleter> m_opening;
};

}  // namespace bkp::seal
