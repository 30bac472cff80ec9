#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bkp::sftp {

/// Where an SFTP store is: sftp://USER@HOST[:PORT]/ABSOLUTE/PATH.
struct Address {
  std::string user;
  std::string host;  ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 22;
  std::string path;  ///< absolute; no "/" at its end, "" being the root directory

  /// The canonical URL: percent-encoded, the port only when it is not 22.
  std::string url() const;
  /// As known_hosts names it: "host", or "[host]:2222".
  std::string known_hosts_name() const;
};

/// Throws Error{config}: for what is malformed, without user, host or path, with a query or a
/// fragment, and for a URL with a password, which is not repeated in the message.
Address parse_url(std::string_view url);

}  // namespace bkp::sftp
