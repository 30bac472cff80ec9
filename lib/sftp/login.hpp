#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sftp/known_hosts.hpp"
#include "sftp/options.hpp"
#include "util/environment.hpp"

namespace bkp::sftp {

/// As whom to log in and which host to believe; what Options and the environment say, read.
struct Login {
  std::optional<std::string> key_file;      ///< its path, for messages
  std::string key;                          ///< its contents
  std::optional<std::string> agent_socket;  ///< used when there is no key file
  std::string known_hosts_file;             ///< its path, for messages
  KnownHosts known_hosts{""};
};

/// The file of Options, or the user's own.
std::filesystem::path known_hosts_file(const Options& options,
                                       const util::Environment& environment);

/// Reads key and known_hosts. Throws Error{key} for a key that others may read, that has a
/// passphrase or that is none.
Login read_login(const Options& options, const util::Environment& environment);

}  // namespace bkp::sftp
