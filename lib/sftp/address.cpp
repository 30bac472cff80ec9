#include "sftp/address.hpp"

#include <charconv>

#include <fmt/format.h>

#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

Error refused(std::string_view url, std::string_view why) {
  return Error{ErrorKind::config,
               fmt::format("{} is not the URL of an SFTP store: {}", util::quoted(url), why),
               "write it like sftp://backup@host/srv/backups, or sftp://backup@host:2222/srv/b"};
}

std::string decoded(std::string_view text, std::string_view url) {
  auto result = store::percent_decoded(text);
  if (!result) throw refused(url, "\"%\" needs two hexadecimal digits behind it, and not 00");
  return *result;
}

std::uint16_t parsed_port(std::string_view text, std::string_view url) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stopped != end || port == 0) {
    throw refused(url, "a port is a number from 1 to 65535");
  }
  return port;
}

/// "host", "host:22" or "[::1]:22".
void parse_host(std::string_view text, std::string_view url, Address& address) {
  auto end = text.find(':');
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == text.npos) throw refused(url, "the \"]\" of an IPv6 address is missing");
    address.host = text.substr(1, bracket - 1);
    end = bracket + 1;
  } else {
    address.host = text.substr(0, end);
  }
  if (address.host.empty()) throw refused(url, "it names no host");
  if (end >= text.size()) return;
  if (text[end] != ':') throw refused(url, "what follows the host is no port");
  address.port = parsed_port(text.substr(end + 1), url);
}

}  // namespace

Address parse_url(std::string_view url) {
  const auto parts = store::split_url(url);
  if (!parts || store::scheme_of(url) != "sftp")
    throw refused(url, "it does not start with \"sftp://\"");
  const auto at = parts->authority.rfind('@');
  const auto user = at == url.npos ? std::string_view{} : parts->authority.substr(0, at);
  // "u:12/x@host" looks like a host with a port, and may be a password with a "/".
  const bool may_hold_password =
      user.empty() && parts->authority.find(':') != url.npos && parts->path.find('@') != url.npos;
  if (store::url_password(url) || user.find(':') != user.npos || may_hold_password) {
    throw Error{ErrorKind::config, "the URL of an SFTP store contains a password",
                "remove it: bkp logs in with a key file or with what an SSH agent has"};
  }
  if (url.find_first_of("?#") != url.npos) {
    throw refused(url, "\"?\" and \"#\" in a path are written %3F and %23");
  }
  if (user.empty()) throw refused(url, "it names no user");
  Address address;
  address.user = decoded(user, url);
  parse_host(parts->authority.substr(at + 1), url, address);
  if (parts->path.empty()) throw refused(url, "it names no directory");
  address.path = decoded(parts->path, url);
  while (address.path.ends_with('/')) address.path.pop_back();
  return address;
}

std::string Address::url() const {
  const bool ipv6 = host.find(':') != host.npos;
  return fmt::format("sftp://{}@{}{}{}{}{}", store::percent_encoded(user), ipv6 ? "[" : "", host,
                     ipv6 ? "]" : "", port == 22 ? "" : fmt::format(":{}", port),
                     path.empty() ? "/" : store::percent_encoded(path));
}

std::string Address::known_hosts_name() const {
  return port == 22 ? host : fmt::format("[{}]:{}", host, port);
}

}  // namespace bkp::sftp
