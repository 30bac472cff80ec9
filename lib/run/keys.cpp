#include "run/keys.hpp"

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
  if (auto own = signing_key(config)) keys.trusted.add(std::move(*own), *config.signing.key_file);
  return keys;
}

}  // namespace bkp::run
