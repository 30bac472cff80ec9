#include "seal/keys.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "seal/bech32.hpp"
#include "seal/key_file.hpp"
#include "util/error.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::seal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view recipient_prefix = "age";
constexpr std::string_view identity_prefix = "age-secret-key-";

bool looks_like_identity(std::string_view text) {
  return text.starts_with("AGE-SECRET-KEY-") || text.starts_with("age-secret-key-");
}

Error no_identity(std::string_view why) {
  return {
      ErrorKind::key, fmt::format("this is no age identity: {}", why),
      "an identity is one line that starts with AGE-SECRET-KEY-1; `bkp key generate` makes one"};
}

}  // namespace

Recipient Recipient::parse(std::string_view text) {
  if (looks_like_identity(text)) {
    throw Error{ErrorKind::key, "an age identity stands where a recipient belongs",
                "an identity is secret: keep it in a file of mode 0600; `bkp key show` prints its "
                "recipient, age1…"};
  }
  const auto read = from_bech32(text);
  Point point{};
  if (!read || read->prefix != recipient_prefix || read->data.size() != point.size() ||
      text.front() != 'a') {
    throw Error{ErrorKind::key, fmt::format("{} is no age recipient", util::quoted(text)),
                "a recipient is age1 and 58 more characters; `bkp key show` prints that of an "
                "identity"};
  }
  std::ranges::copy(read->data, point.begin());
  return Recipient{point};
}

std::string Recipient::text() const {
  return to_bech32(recipient_prefix, m_point);
}

Identity Identity::generate() {
  Identity identity;
  util::random_bytes(identity.m_secret.bytes());
  return identity;
}

Identity Identity::parse(std::string_view text) {
  if (!text.starts_with('A')) throw no_identity("it does not start with AGE-SECRET-KEY-1");
  auto read = from_bech32(text);
  if (!read) throw no_identity("a character is wrong or missing");
  Identity identity;
  const bool fits =
      read->prefix == identity_prefix && read->data.size() == identity.m_secret.bytes().size();
  if (fits) std::ranges::copy(read->data, identity.m_secret.bytes().begin());
  OPENSSL_cleanse(read->data.data(), read->data.size());
  if (!fits) throw no_identity("it is a key of another kind");
  return identity;
}

std::string Identity::secret_text() const {
  auto text = to_bech32(identity_prefix, m_secret.bytes());
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return text;
}

Recipient Identity::recipient() const {
  return Recipient{x25519_public(m_secret)};
}

std::vector<Identity> read_identity_file(const std::filesystem::path& file) {
  const auto content =
      read_secret_file(file, "identity file",
                       "restores and drills need it; on a host that only takes backups leave "
                       "encryption.identity_files out");
  std::vector<Identity> identities;
  std::size_t number = 0;
  for (const auto line : util::split_lines(content.text())) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    try {
      identities.push_back(Identity::parse(line));
    } catch (Error& error) {
      error.add_context(fmt::format("line {} of {}", number, util::quoted(file.string())));
      throw;
    }
  }
  if (!identities.empty()) return identities;
  throw Error{ErrorKind::key, fmt::format("{} holds no identity", util::quoted(file.string())),
              "`bkp key generate` makes one; an SSH key or a plugin's identity cannot be used"};
}

}  // namespace bkp::seal
