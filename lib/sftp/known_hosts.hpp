#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::sftp {

/// What known_hosts says of a host's key.
enum class HostKeyVerdict {
  known,
  unknown,  ///< no line names this host
  changed,  ///< lines name this host, with other keys
  revoked,  ///< marked @revoked
};

/// OpenSSH's known_hosts, sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT": plain, wildcard, negated and
/// hashed names, "[host]:port", @revoked. Lines of @cert-authority and malformed ones count for
/// nothing. Host names are compared without regard to case.
class KnownHosts {
 public:
  explicit KnownHosts(std::string_view text);

  struct Answer {
    HostKeyVerdict verdict = HostKeyVerdict::unknown;
    std::size_t line = 0;  ///< the first that led to it, counted from 1; 0 when there is none
  };
  /// `name` is Address::known_hosts_name(), `key` the key as it is sent (RFC 4253, 6.6).
  Answer check(std::string_view name, std::span<const std::byte> key) const;

  /// The types of the keys that are known, "ssh-ed25519": to be asked for, so that a host with
  /// several keys shows one that can be compared.
  std::vector<std::string> key_types(std::string_view name) const;

  /// known_hosts_line() for each key that is known, and not revoked.
  std::vector<std::string> lines(std::string_view name) const;

 private:
  struct Entry {
    std::size_t line;
    bool revoked;
    std::string hosts;  ///< patterns, or one hashed name
    std::string type;
    std::vector<std::byte> key;
  };
  std::vector<Entry> m_entries;
};

/// "SHA256:…", as ssh and ssh-keygen -l show a key.
std::string key_fingerprint(std::span<const std::byte> key);

/// The type a key names itself: "ssh-ed25519"; empty when it is malformed.
std::string key_type(std::span<const std::byte> key);

/// The line for known_hosts.
std::string known_hosts_line(std::string_view name, std::span<const std::byte> key);

}  // namespace bkp::sftp
