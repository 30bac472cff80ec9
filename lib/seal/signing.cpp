#include "seal/signing.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "seal/key_file.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::seal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t signature_size = 64;

struct BioDeleter {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioDeleter>;
struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Error refused() {
  return {ErrorKind::internal, "OpenSSL refuses Ed25519",
          "a FIPS configuration of OpenSSL may forbid it; see openssl.cnf(5)"};
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A key file with a passphrase is one that cron cannot use: OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

bool is_ed25519(const KeyHandle& key) {
  return key && EVP_PKEY_is_a(key.get(), "ED25519") == 1;
}

constexpr auto missing_hint = "`bkp key generate --signing` makes a pair";

Bio memory(std::string_view text) {
  Bio bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  if (!bio) throw refused();
  return bio;
}

}  // namespace

void KeyDeleter::operator()(EVP_PKEY* key) const noexcept {
  EVP_PKEY_free(key);
}

SigningKey SigningKey::read(const std::filesystem::path& file) {
  const auto content = read_secret_file(file, "signing key", missing_hint);
  KeyHandle key{
      PEM_read_bio_PrivateKey(memory(content.text()).get(), nullptr, no_passphrase, nullptr)};
  if (is_ed25519(key)) return SigningKey{std::move(key)};
  throw Error{ErrorKind::key,
              fmt::format("{} holds no Ed25519 private key", util::quoted(file.string())),
              "it must be PEM without a passphrase: `bkp key generate --signing` makes one"};
}

SigningKey SigningKey::generate() {
  KeyHandle key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  if (!key) throw refused();
  return SigningKey{std::move(key)};
}

std::string SigningKey::sign(std::string_view text) const {
  const Context context{EVP_MD_CTX_new()};
  std::string signature(signature_size, '\0');
  std::size_t size = signature.size();
  const bool done =
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, m_key.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     raw(text), text.size()) == 1;
  if (!done || size != signature_size) throw refused();
  return signature;
}

namespace {

template <class Write>
std::string pem(Write&& write) {
  const Bio bio{BIO_new(BIO_s_mem())};
  if (!bio || write(bio.get()) != 1) throw refused();
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::string SigningKey::private_pem() const {
  return pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, m_key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string SigningKey::public_pem() const {
  return pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, m_key.get()); });
}

TrustedKeys TrustedKeys::read(const std::vector<std::filesystem::path>& files) {
  TrustedKeys keys;
  for (const auto& file : files) {
    const auto text = read_public_file(file, "public key", missing_hint);
    KeyHandle key{PEM_read_bio_PUBKEY(memory(text).get(), nullptr, no_passphrase, nullptr)};
    if (!is_ed25519(key)) {
      throw Error{ErrorKind::key,
                  fmt::format("{} holds no Ed25519 public key", util::quoted(file.string())),
                  "`openssl pkey -in KEY -pubout` writes the public half of a signing key"};
    }
    keys.m_keys.push_back({file, std::move(key)});
  }
  return keys;
}

void TrustedKeys::add(SigningKey key, const std::filesystem::path& file) {
  m_keys.insert(m_keys.begin(), {file, std::move(key.m_key)});
}

std::vector<PublicKeyText> TrustedKeys::public_keys() const {
  std::vector<PublicKeyText> result;
  for (const auto& entry : m_keys) {
    result.push_back(
        {entry.file, pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, entry.key.get()); })});
  }
  return result;
}

std::optional<std::filesystem::path> TrustedKeys::signer(std::string_view text,
                                                         std::string_view signature) const {
  for (const auto& [file, key] : m_keys) {
    const Context context{EVP_MD_CTX_new()};
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1)
      throw refused();
    const auto made_it = EVP_DigestVerify(context.get(), raw(signature), signature.size(),
                                          raw(text), text.size()) == 1;
    if (made_it) return file;
  }
  return std::nullopt;
}

}  // namespace bkp::seal
