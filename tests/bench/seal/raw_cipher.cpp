#include "bench/seal/raw_cipher.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace bkp::bench {

namespace {

constexpr std::size_t piece_size = std::size_t{64} << 10U;
constexpr std::size_t tag_size = 16;
/// The time does not depend on them.
constexpr std::array<unsigned char, 32> key{};
constexpr std::array<unsigned char, 12> nonce{};

void require(bool done) {
  if (!done) throw std::runtime_error{"OpenSSL refuses ChaCha20-Poly1305"};
}

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* room(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

void RawCipher::Deleter::operator()(EVP_CIPHER_CTX* context) const noexcept {
  EVP_CIPHER_CTX_free(context);
}

RawCipher::RawCipher() = default;

RawCipher::Context RawCipher::context(bool sealing) {
  Context context{EVP_CIPHER_CTX_new()};
  require(context && EVP_CipherInit_ex2(context.get(), EVP_chacha20_poly1305(), key.data(),
                                        nonce.data(), sealing ? 1 : 0, nullptr) == 1);
  return context;
}

void RawCipher::seal_piece(std::span<const std::byte> plain, std::span<std::byte> sealed) {
  int written = 0;
  auto* const context = m_sealing.get();
  require(EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
          EVP_EncryptUpdate(context, room(sealed), &written, raw(plain),
                            static_cast<int>(plain.size())) == 1 &&
          EVP_EncryptFinal_ex(context, room(sealed.subspan(plain.size())), &written) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size,
                              sealed.subspan(plain.size()).data()) == 1);
}

void RawCipher::open_piece(std::span<const std::byte> sealed, std::span<std::byte> plain) {
  const auto body = sealed.first(sealed.size() - tag_size);
  std::array<std::byte, tag_size> tag{};
  std::copy(sealed.end() - tag_size, sealed.end(), tag.begin());
  int written = 0;
  auto* const context = m_opening.get();
  require(EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1 &&
          EVP_DecryptUpdate(context, room(plain), &written, raw(body),
                            static_cast<int>(body.size())) == 1 &&
          EVP_DecryptFinal_ex(context, room(plain), &written) == 1);
}

void RawCipher::seal(std::span<const std::byte> plain) {
  std::vector<std::byte> place(piece_size + tag_size);
  while (!plain.empty()) {
    const auto piece = plain.first(std::min(plain.size(), piece_size));
    seal_piece(piece, place);
    plain = plain.subspan(piece.size());
  }
}

std::vector<std::byte> RawCipher::sealed(std::span<const std::byte> plain) {
  std::vector<std::byte> result(plain.size() +
                                (plain.size() + piece_size - 1) / piece_size * tag_size);
  for (std::span<std::byte> rest{result}; !plain.empty();) {
    const auto piece = plain.first(std::min(plain.size(), piece_size));
    seal_piece(piece, rest);
    plain = plain.subspan(piece.size());
    rest = rest.subspan(piece.size() + tag_size);
  }
  return result;
}

void RawCipher::open(std::span<const std::byte> sealed) {
  std::vector<std::byte> place(piece_size);
  while (!sealed.empty()) {
    const auto piece = sealed.first(std::min(sealed.size(), piece_size + tag_size));
    open_piece(piece, place);
    sealed = sealed.subspan(piece.size());
  }
}

}  // namespace bkp::bench
