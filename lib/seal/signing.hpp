#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>

namespace bkp::seal {

/// Ed25519 signatures (RFC 8032) of 64 bytes, over the text itself. Keys are PEM files as
/// `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them (RFC 8410), and
///   openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in TEXT -sigfile SIGNATURE
/// checks what is signed here.

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const noexcept;
};
using KeyHandle = std::unique_ptr<EVP_PKEY, KeyDeleter>;

/// Whoever has it can sign in the site's name.
class SigningKey {
 public:
  /// Throws Error{key} when the file cannot be read, can be read by others (see
  /// util::require_private), or holds no Ed25519 key without a passphrase.
  static SigningKey read(const std::filesystem::path& file);

  static SigningKey generate();

  std::string sign(std::string_view text) const;
  /// The secret itself, as PEM without a passphrase (PKCS #8), for a file of mode 0600 and nothing
  /// else.
  std::string private_pem() const;
  /// The public half as PEM.
  std::string public_pem() const;

 private:
  friend class TrustedKeys;
  explicit SigningKey(KeyHandle key) : m_key{std::move(key)} {}
  KeyHandle m_key;
};

struct PublicKeyText {
  std::filesystem::path file;  ///< where the key was read: its own, or that of the signing key
  std::string pem;
};

/// The public keys whose signatures are believed.
class TrustedKeys {
 public:
  TrustedKeys() = default;
  /// Throws Error{key} naming the file when one cannot be read or holds no Ed25519 public key.
  static TrustedKeys read(const std::vector<std::filesystem::path>& files);

  /// Believes what `key`, read from `file`, signs.
  void add(SigningKey key, const std::filesystem::path& file);

  bool empty() const { return m_keys.empty(); }
  /// The public halves, those that were added first.
  std::vector<PublicKeyText> public_keys() const;
  /// The file of the key that made `signature` of `text`; nullopt when none of these did.
  std::optional<std::filesystem::path> signer(std::string_view text,
                                              std::string_view signature) const;

 private:
  struct Entry {
    std::filesystem::path file;
    std::shared_ptr<EVP_PKEY> key;
  };
  std::vector<Entry> m_keys;
};

}  // namespace bkp::seal
