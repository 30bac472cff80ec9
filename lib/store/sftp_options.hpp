#pragma once

#include <filesystem>
#include <optional>

namespace bkp::store {

/// How to reach sftp://USER@HOST[:PORT]/PATH beyond its URL.
struct SftpOptions {
  /// A private key without a passphrase, private (util::require_private); absent: what the agent at
  /// $SSH_AUTH_SOCK has.
  std::optional<std::filesystem::path> key_file;
  /// In OpenSSH's format; absent: ~/.ssh/known_hosts of the user who runs.
  std::optional<std::filesystem::path> known_hosts_file;
  bool operator==(const SftpOptions&) const = default;
};

}  // namespace bkp::store
