#include "seal/primitives.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "util/error.hpp"

namespace bkp::seal {

namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* pointer) const noexcept {
    free(pointer);
  }
};
using Kdf = std::unique_ptr<EVP_KDF, Free<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Free<EVP_KDF_CTX_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;

util::Error refused(std::string_view what) {
  return {util::ErrorKind::internal, "OpenSSL refuses " + std::string{what},
          "a FIPS configuration of OpenSSL may forbid it; see openssl.cnf(5)"};
}

void require(bool done, std::string_view what) {
  if (!done) throw refused(what);
}

const unsigned char* raw(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* room(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

OSSL_PARAM octets(const char* name, Bytes bytes) {
  // OpenSSL takes a null pointer for a mistake, even where there are no bytes.
  static constexpr std::byte nothing{};
  const auto* const data = bytes.empty() ? &nothing : bytes.data();
  // It only reads them.
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(data), bytes.size());
}

Key32 derive(const char* name, const OSSL_PARAM* parameters) {
  const Kdf kdf{EVP_KDF_fetch(nullptr, name, nullptr)};
  const KdfContext context{kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr};
  Key32 key;
  require(context &&
              EVP_KDF_derive(context.get(), room(key.bytes()), key.bytes().size(), parameters) == 1,
          name);
  return key;
}

int int_size(std::size_t size) {
  require(size <= static_cast<std::size_t>(INT32_MAX), "so much data at once");
  return static_cast<int>(size);
}

}  // namespace

Key32 hkdf(Bytes key, Bytes salt, std::string_view info) {
  std::string digest = "SHA256";
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, std::as_bytes(std::span{info})), OSSL_PARAM_construct_end()};
  return derive("HKDF", parameters.data());
}

Digest32 hmac(const Key32& key, std::string_view data) {
  Digest32 digest{};
  require(HMAC(EVP_sha256(), key.bytes().data(), int_size(key.bytes().size()),
               raw(std::as_bytes(std::span{data})), data.size(), room(digest), nullptr) != nullptr,
          "HMAC");
  return digest;
}

bool same_bytes(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Key32 scrypt(std::string_view passphrase, Bytes salt, int log_n) {
  constexpr std::uint32_t block_size = 8;
  std::uint64_t n = std::uint64_t{1} << static_cast<unsigned>(log_n);
  std::uint32_t r = block_size;
  std::uint32_t p = 1;
  // By default OpenSSL allows 32 MiB. It needs 128 r (N + p) bytes and a little more.
  std::uint64_t memory = 128 * block_size * (n + p) + (std::uint64_t{1} << 20U);
  const std::array parameters{octets(OSSL_KDF_PARAM_PASSWORD, std::as_bytes(std::span{passphrase})),
                              octets(OSSL_KDF_PARAM_SALT, salt),
                              OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
                              OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
                              OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
                              OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
                              OSSL_PARAM_construct_end()};
  return derive("SCRYPT", parameters.data());
}

Point x25519_public(const Key32& secret) {
  const Pkey key{EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, raw(secret.bytes()),
                                              secret.bytes().size())};
  Point point{};
  std::size_t size = point.size();
  require(key && EVP_PKEY_get_raw_public_key(key.get(), room(point), &size) == 1, "X25519");
  return point;
}

std::optional<Key32> x25519(const Key32& secret, const Point& point) {
  const Pkey own{EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, raw(secret.bytes()),
                                              secret.bytes().size())};
  const Pkey peer{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, raw(Bytes{point}), point.size())};
  const PkeyContext context{own ? EVP_PKEY_CTX_new(own.get(), nullptr) : nullptr};
  require(context && peer && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1,
          "X25519");
  Key32 shared;
  std::size_t size = shared.bytes().size();
  // OpenSSL refuses the zero secret itself; the comparison is for one that would not.
  const bool derived = EVP_PKEY_derive(context.get(), room(shared.bytes()), &size) == 1;
  if (!derived || same_bytes(shared.bytes(), Key32{}.bytes())) return std::nullopt;
  return shared;
}

void ChaChaPoly::Deleter::operator()(EVP_CIPHER_CTX* context) const noexcept {
  EVP_CIPHER_CTX_free(context);
}

ChaChaPoly::ChaChaPoly(const Key32& key)
    : m_sealing{EVP_CIPHER_CTX_new()}, m_opening{EVP_CIPHER_CTX_new()} {
  const auto* const cipher = EVP_chacha20_poly1305();
  const auto* const bytes = raw(Bytes{key.bytes()});
  require(m_sealing && m_opening &&
              EVP_EncryptInit_ex2(m_sealing.get(), cipher, bytes, nullptr, nullptr) == 1 &&
              EVP_DecryptInit_ex2(m_opening.get(), cipher, bytes, nullptr, nullptr) == 1,
          "ChaCha20-Poly1305");
}

ChaChaPoly::~ChaChaPoly() = default;

void ChaChaPoly::seal(const Nonce& nonce, Bytes plain, std::span<std::byte> sealed) {
  int written = 0;
  int rest = 0;
  auto* const context = m_sealing.get();
  const auto tag = sealed.subspan(plain.size(), tag_size);
  require(EVP_EncryptInit_ex2(context, nullptr, nullptr, raw(Bytes{nonce}), nullptr) == 1 &&
              EVP_EncryptUpdate(context, room(sealed), &written, raw(plain),
                                int_size(plain.size())) == 1 &&
              EVP_EncryptFinal_ex(context, room(sealed.subspan(plain.size())), &rest) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, int_size(tag.size()),
                                  tag.data()) == 1,
          "to seal with ChaCha20-Poly1305");
}

bool ChaChaPoly::open(const Nonce& nonce, Bytes sealed, std::span<std::byte> plain) {
  if (sealed.size() < tag_size) return false;
  const auto body = sealed.first(sealed.size() - tag_size);
  std::array<std::byte, tag_size> tag{};
  std::copy(sealed.end() - tag_size, sealed.end(), tag.begin());
  int written = 0;
  int rest = 0;
  auto* const context = m_opening.get();
  require(
      EVP_DecryptInit_ex2(context, nullptr, nullptr, raw(Bytes{nonce}), nullptr) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, int_size(tag.size()), tag.data()) ==
              1 &&
          EVP_DecryptUpdate(context, room(plain), &written, raw(body), int_size(body.size())) == 1,
      "to open with ChaCha20-Poly1305");
  std::array<unsigned char, 1> nothing{};
  if (EVP_DecryptFinal_ex(context, nothing.data(), &rest) == 1) return true;
  OPENSSL_cleanse(plain.data(), body.size());
  return false;
}

}  // namespace bkp::seal
