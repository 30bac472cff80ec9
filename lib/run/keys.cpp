#include "run/keys.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::run {

std::vector<seal::Recipient> recipients(const config::Config& config) {
  std::vector<seal::Recipient> result;
  for (const auto& text : config.encryption.recipients)
    result.push_back(seal::Recipient::parse(text));
  return result;
}

std::optional<seal::SigningKey> signing_key(const config::Config& config) {
  if (!config.signing.key_file) return std::nullopt;
  return seal::SigningKey::read(*config.signing.key_file);
}

seal::Keyring ReadingKeys::keyring() const {
  seal::Keyring keys;
  for (const auto& file : identity_files) {
    auto identities = seal::read_identity_file(file);
    keys.identities.insert(keys.identities.end(), identities.begin(), identities.end());
  }
  return keys;
}

ReadingKeys reading_keys(const config::Config& config) {
  ReadingKeys keys{config.encryption.identity_files,
                   seal::TrustedKeys::read(config.signing.trusted_keys)};
  const auto& file = config.signing.key_file;
  if (!file) return keys;
  std::error_code unknown;
  if (!std::filesystem::exists(*file, unknown) && !unknown) {
    if (!keys.trusted.empty()) return keys;
    throw util::Error{util::ErrorKind::key,
                      fmt::format("there is no signing key {} whose signatures could be believed",
                                  util::quoted(file->string())),
                      "put it back, or name the signer's public key: --trusted-key FILE, or "
                      "signing.trusted_keys"};
  }
  keys.trusted.add(seal::SigningKey::read(*file), *file);
  return keys;
}

}  // namespace bkp::run
