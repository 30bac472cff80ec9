#pragma once

#include <filesystem>
#include <string>

#include "support/ceph_server.hpp"
#include "support/sshd.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A file that only its owner reads.
inline void write_private(const std::filesystem::path& file, const std::string& text) {
  write_text(file, text);
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

/// What AWS's own tools would keep of ceph()'s user, as profile "backup".
inline std::string credentials(const std::string& secret = CephServer::secret_key) {
  return std::string{"[backup]\naws_access_key_id = "} + CephServer::access_key +
         "\naws_secret_access_key = " + secret + "\n";
}

/// A store in a bucket, for the section `stores` of a configuration. `endpoint` is ceph()'s or that
/// of a proxy before it; `secrets` is a file with credentials().
inline std::string bucket_yaml(const std::string& name, const std::string& bucket,
                               const std::string& endpoint, const std::filesystem::path& secrets,
                               bool required) {
  return "  - name: " + name + "\n    url: s3://" + bucket +
         "/backups\n    required: " + (required ? "true" : "false") +
         "\n    endpoint: " + endpoint + "\n    credentials: {file: " + secrets.string() +
         ", profile: backup}\n";
}

/// A store in `directory` on a host with SSH, likewise.
inline std::string host_yaml(const std::string& name, const Sshd& sshd,
                             const std::filesystem::path& directory,
                             const std::filesystem::path& known_hosts) {
  return "  - name: " + name + "\n    url: " + sshd.url(directory) +
         "\n    key_file: " + sshd.key().string() +
         "\n    known_hosts_file: " + known_hosts.string() + "\n";
}

}  // namespace bkp::test
