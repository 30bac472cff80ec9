#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/running_program.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

struct SshdOptions {
  /// Lines for sshd_config, before all others: the first that sets something counts.
  std::string configuration = {};
  /// The types of its host keys, as ssh-keygen -t takes them.
  std::vector<std::string> host_key_types = {"ed25519"};
  /// Its SFTP server; empty: it has none.
  std::string sftp = "internal-sftp";
};

/// OpenSSH's server on a free port of 127.0.0.1, with SFTP and nothing else, until it is destroyed.
/// It lets the user who runs the tests in, and `nobody` when that is root, with the key key().
class Sshd {
 public:
  explicit Sshd(SshdOptions options = {});

  std::uint16_t port() const { return m_port; }
  const std::string& user() const { return m_user; }
  /// A private key that is let in; its public key is in key() + ".pub".
  std::filesystem::path key() const { return m_directory / "key"; }
  /// "ssh-ed25519 AAAA…", without a comment.
  std::string host_key(const std::string& type = "ed25519") const;
  /// For known_hosts; another port is that of a proxy.
  std::string known_hosts_line(std::optional<std::uint16_t> port = {},
                               const std::string& type = "ed25519") const;
  /// "sftp://user@127.0.0.1:port" + path.
  std::string url(const std::filesystem::path& path, std::optional<std::uint16_t> port = {}) const;
  /// What it has logged, for messages.
  std::string log() { return m_server.err_so_far(); }

 private:
  TemporaryDirectory m_directory;
  std::string m_user;
  std::uint16_t m_port;
  RunningProgram m_server;
};

/// A new key pair at `path` and `path`.pub.
void make_ssh_key(const std::filesystem::path& path, const std::string& type = "ed25519",
                  const std::string& passphrase = "");

}  // namespace bkp::test
