#pragma once

#include <optional>
#include <vector>

#include "config/config.hpp"
#include "seal/keys.hpp"
#include "seal/signing.hpp"
#include "seal/unsealing.hpp"

namespace bkp::run {

/// The keys that the configuration names, read when they are asked for. Throws Error{key}.

/// For whom backups are sealed; empty: they are not.
std::vector<seal::Recipient> recipients(const config::Config& config);
/// What signs them; nullopt: nothing is signed.
std::optional<seal::SigningKey> signing_key(const config::Config& config);

/// What a reader of backups goes by.
struct ReadingKeys {
  std::vector<std::filesystem::path> identity_files;
  seal::TrustedKeys trusted;       ///< with any, every manifest must be signed by one of them
  bool ignore_signatures = false;  ///< believe manifests whatever their signatures are

  /// The identities of all files; none where there are no files.
  seal::Keyring keyring() const;
};
/// As configured. A site that signs trusts its own key too; where that is not at hand, as on a host
/// that only restores, the trusted keys are enough.
ReadingKeys reading_keys(const config::Config& config);

}  // namespace bkp::run
