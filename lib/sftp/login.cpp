#include "sftp/login.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

std::filesystem::path home_directory(const util::Environment& environment) {
  if (const auto home = environment.get("HOME")) return *home;
  const passwd* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_dir : "/";
}

/// Of PEM, by its header; of OpenSSH's own format, by its cipher, which stands at a fixed place
/// (OpenSSH's PROTOCOL.key) and thus begins the base 64 in the same way for every key without one.
bool has_passphrase(std::string_view key) {
  constexpr std::string_view begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
  constexpr std::string_view magic = "b3BlbnNzaC1rZXktdjEA";
  constexpr std::string_view without_cipher = "AAAABG5vbmU";
  const auto start = key.find(begin);
  if (start == key.npos) return key.find("ENCRYPTED") != key.npos;
  auto body = key.substr(start + begin.size());
  body.remove_prefix(std::min(body.find_first_not_of("\r\n"), body.size()));
  return body.starts_with(magic) && !body.substr(magic.size()).starts_with(without_cipher);
}

std::string read_key(const std::filesystem::path& path) {
  constexpr std::string_view hint = "make one for backups alone: ssh-keygen -t ed25519 -N '' -f ";
  constexpr std::size_t largest = std::size_t{64} << 10U;
  auto key = util::read_private_file(path, "SSH key", largest);
  const auto make_one = std::string{hint} + util::shell_quoted(path.native());
  if (!key) {
    throw Error{ErrorKind::key, fmt::format("there is no SSH key {}", path.native()), make_one};
  }
  if (key->find("PRIVATE KEY-----") == key->npos) {
    throw Error{ErrorKind::key, fmt::format("{} is no private SSH key", path.native()),
                "name the private key, the file without .pub; or " + make_one};
  }
  if (has_passphrase(*key)) {
    throw Error{ErrorKind::key,
                fmt::format("the SSH key {} has a passphrase, and at night nobody is there to "
                            "type it",
                            path.native()),
                "make one without for backups alone (ssh-keygen -t ed25519 -N ''), or name no key "
                "file and use an agent"};
  }
  return std::move(*key);
}

}  // namespace

std::filesystem::path known_hosts_file(const Options& options,
                                       const util::Environment& environment) {
  return options.known_hosts_file.value_or(home_directory(environment) / ".ssh/known_hosts");
}

Login read_login(const Options& options, const util::Environment& environment) {
  Login login;
  if (options.key_file) {
    login.key_file = options.key_file->native();
    login.key = read_key(*options.key_file);
  }
  login.agent_socket = environment.get("SSH_AUTH_SOCK");
  const auto known_hosts = known_hosts_file(options, environment);
  login.known_hosts_file = known_hosts.native();
  // Without one no host is known.
  login.known_hosts = KnownHosts{util::read_file(known_hosts).value_or("")};
  return login;
}

}  // namespace bkp::sftp
