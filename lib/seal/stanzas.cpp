#include "seal/stanzas.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/rng.hpp"

namespace bkp::seal {

namespace {

constexpr std::string_view x25519_type = "X25519";
constexpr std::string_view scrypt_type = "scrypt";
constexpr std::string_view x25519_info = "age-encryption.org/v1/X25519";
constexpr std::string_view scrypt_info = "age-encryption.org/v1/scrypt";
constexpr std::size_t salt_size = 16;
constexpr std::size_t body_size = 16 + ChaChaPoly::tag_size;
constexpr int most_log_n = 22;

util::Error malformed_stanza(std::string_view type, std::string_view why) {
  return {util::ErrorKind::damaged,
          fmt::format("the age header is malformed: its {} stanza {}", type, why)};
}

std::vector<std::byte> joined(Bytes a, Bytes b) {
  std::vector<std::byte> both{a.begin(), a.end()};
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

std::string encoded(Bytes data) {
  return util::to_base64(data, util::Base64Padding::none);
}

std::vector<std::byte> decoded(const Stanza& stanza, std::size_t argument, std::size_t size) {
  auto data = util::from_base64(stanza.arguments.at(argument), util::Base64Padding::none);
  if (!data || data->size() != size)
    throw malformed_stanza(stanza.type, "has an argument that is wrong");
  return std::move(*data);
}

void require_shape(const Stanza& stanza, std::size_t arguments) {
  if (stanza.arguments.size() != arguments)
    throw malformed_stanza(stanza.type, fmt::format("has {} arguments", stanza.arguments.size()));
  if (stanza.body.size() != body_size)
    throw malformed_stanza(stanza.type, fmt::format("has a body of {} bytes", stanza.body.size()));
}

// A wrapping key seals once, so its nonce may be zero.
std::vector<std::byte> wrapped(const FileKey& file_key, const Key32& key) {
  std::vector<std::byte> body(body_size);
  ChaChaPoly{key}.seal({}, file_key.bytes(), body);
  return body;
}

std::optional<FileKey> unwrapped(Bytes body, const Key32& key) {
  FileKey file_key;
  if (!ChaChaPoly{key}.open({}, body, file_key.bytes())) return std::nullopt;
  return file_key;
}

Key32 passphrase_key(std::string_view passphrase, Bytes salt, int log_n) {
  return scrypt(passphrase, joined(std::as_bytes(std::span{scrypt_info}), salt), log_n);
}

int parse_log_n(const Stanza& stanza) {
  const auto& text = stanza.arguments.at(1);
  int log_n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), log_n);
  const bool decimal = error == std::errc{} && end == text.data() + text.size() &&
                       text.front() >= '1' && text.front() <= '9';
  if (!decimal) throw malformed_stanza(stanza.type, "has a work factor that is no number");
  if (log_n > most_log_n) {
    throw malformed_stanza(
        stanza.type,
        fmt::format("asks for too much work: 2^{}, at most 2^{} is done", log_n, most_log_n));
  }
  return log_n;
}

}  // namespace

Stanza seal_for(const Recipient& recipient, const FileKey& file_key) {
  Key32 ephemeral;
  util::random_bytes(ephemeral.bytes());
  const auto share = x25519_public(ephemeral);
  const auto shared = x25519(ephemeral, recipient.point());
  if (!shared) {
    throw util::Error{util::ErrorKind::key, "the recipient " + recipient.text() + " is no real one",
                      "its point is of small order: nothing sealed for it would be secret"};
  }
  const auto key = hkdf(shared->bytes(), joined(share, recipient.point()), x25519_info);
  return {std::string{x25519_type}, {encoded(share)}, wrapped(file_key, key)};
}

std::optional<FileKey> open_with(const Identity& identity, const Stanza& stanza) {
  if (stanza.type != x25519_type) return std::nullopt;
  require_shape(stanza, 1);
  Point share{};
  std::ranges::copy(decoded(stanza, 0, share.size()), share.begin());
  const auto shared = x25519(identity.secret(), share);
  if (!shared) throw malformed_stanza(stanza.type, "has a share of small order");
  const auto salt = joined(share, identity.recipient().point());
  return unwrapped(stanza.body, hkdf(shared->bytes(), salt, x25519_info));
}

Stanza seal_with(std::string_view passphrase, const FileKey& file_key, int log_n) {
  std::array<std::byte, salt_size> salt{};
  util::random_bytes(salt);
  return {std::string{scrypt_type},
          {encoded(salt), std::to_string(log_n)},
          wrapped(file_key, passphrase_key(passphrase, salt, log_n))};
}

std::optional<FileKey> open_with(std::string_view passphrase, const Stanza& stanza) {
  if (stanza.type != scrypt_type) return std::nullopt;
  require_shape(stanza, 2);
  const auto salt = decoded(stanza, 0, salt_size);
  return unwrapped(stanza.body, passphrase_key(passphrase, salt, parse_log_n(stanza)));
}

void require_sense(const std::vector<Stanza>& stanzas) {
  const bool passphrase =
      std::ranges::any_of(stanzas, [](const Stanza& stanza) { return stanza.type == scrypt_type; });
  if (passphrase && stanzas.size() > 1) throw malformed_stanza(scrypt_type, "is not alone");
}

}  // namespace bkp::seal
