#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "net/backoff.hpp"

namespace bkp::sftp {

/// How to reach sftp://USER@HOST[:PORT]/PATH beyond its URL.
struct Options {
  /// A private key without a passphrase, private (util::require_private); absent: what the agent at
  /// $SSH_AUTH_SOCK has.
  std::optional<std::filesystem::path> key_file;
  /// In OpenSSH's format; absent: ~/.ssh/known_hosts of the user who runs.
  std::optional<std::filesystem::path> known_hosts_file;
  bool operator==(const Options&) const = default;
};

/// How long an SFTP store waits, and how often it tries; not for operators.
struct Limits {
  /// For a connection and for each answer on the way to a session.
  std::chrono::milliseconds connect{15'000};
  /// Without a byte in or out for so long a connection is given up.
  std::chrono::milliseconds stall{30'000};
  /// For an answer while the server flushes a file to its disk.
  std::chrono::milliseconds flush{600'000};
  /// As both of the first while an unfinished object is removed.
  std::chrono::milliseconds clean_up{5'000};
  net::Backoff backoff{};
};

}  // namespace bkp::sftp
