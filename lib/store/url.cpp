#include "store/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::store {

namespace {

util::Error refused(std::string_view url, std::string_view why) {
  return util::Error{util::ErrorKind::config,
                     fmt::format("{} is not the URL of a store: {}", util::quoted(url), why),
                     "write it like file:///var/backups/bkp"};
}

}  // namespace

std::optional<UrlParts> split_url(std::string_view url) {
  constexpr std::string_view separator = "://";
  const auto end = url.find(separator);
  if (end == url.npos || end == 0) return std::nullopt;
  const auto rest = url.substr(end + separator.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  return UrlParts{url.substr(0, end), rest.substr(0, slash), rest.substr(slash)};
}

std::optional<std::string_view> url_password(std::string_view url) {
  constexpr std::string_view digits = "0123456789";
  const auto parts = split_url(url);
  if (!parts || parts->authority.starts_with('[')) return std::nullopt;
  const auto authority = url.substr(parts->scheme.size() + 3);
  auto at = parts->authority.rfind('@');
  const auto colon = parts->authority.substr(0, at).find(':');
  if (colon == url.npos) return std::nullopt;
  if (at == url.npos) {
    // The "/" of the password ended the authority, unless what looks like one is a port.
    const auto port = parts->authority.substr(colon + 1);
    at = authority.find('@');
    if (at == url.npos || port.find_first_not_of(digits) == port.npos) return std::nullopt;
  }
  const auto password = authority.substr(colon + 1, at - colon - 1);
  return password.empty() ? std::nullopt : std::optional{password};
}

std::string_view url_host(std::string_view url) {
  const auto parts = split_url(url);
  if (!parts) return {};
  auto host = parts->authority;
  if (const auto at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  std::string encoded;
  for (const char byte : text) {
    if (plain.find(byte) != plain.npos) {
      encoded += byte;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t position = 0; position < text.size(); ++position) {
    if (text[position] != '%') {
      out += text[position];
      continue;
    }
    const std::string_view digits = text.substr(position + 1, 2);
    std::uint8_t byte = 0;
    const auto end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != 2 || error != std::errc{} || stopped != end || byte == 0) {
      return std::nullopt;
    }
    out += static_cast<char>(byte);
    position += 2;
  }
  return out;
}

std::string file_url(const std::filesystem::path& path) {
  return "file://" + percent_encoded(path.native());
}

std::filesystem::path path_of_file_url(std::string_view url) {
  if (scheme_of(url) != "file") throw refused(url, "it does not start with \"file://\"");
  if (url.find_first_of("?#") != url.npos) {
    throw refused(url, "\"?\" and \"#\" in a path are written %3F and %23");
  }
  const auto parts = *split_url(url);
  if (!parts.authority.empty() && parts.authority != "localhost") {
    throw refused(url, "the path must be absolute, and there is no host: three slashes");
  }
  if (parts.path.empty()) throw refused(url, "there is no path in it");
  const auto path = percent_decoded(parts.path);
  if (!path) {
    throw refused(url,
                  "\"%\" needs two hexadecimal digits behind it, and not 00; \"%\" itself is %25");
  }
  return *path;
}

std::optional<std::string> scheme_of(std::string_view url) {
  const auto parts = split_url(url);
  if (!parts) return std::nullopt;
  auto scheme = util::lower(parts->scheme);
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
  };
  if (!std::all_of(scheme.begin(), scheme.end(), fits)) return std::nullopt;
  return scheme;
}

}  // namespace bkp::store
