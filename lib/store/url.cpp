#include "store/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::store {

namespace {

constexpr std::string_view separator = "://";

util::Error refused(std::string_view url, std::string_view why) {
  return util::Error{util::ErrorKind::config,
                     fmt::format("{} is not the URL of a store: {}", util::quoted(url), why),
                     "write it like file:///var/backups/bkp"};
}

std::string percent_decoded(std::string_view text, std::string_view url) {
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
    if (digits.size() != 2 || error != std::errc{} || stopped != end) {
      throw refused(url, "\"%\" needs two hexadecimal digits behind it; \"%\" itself is %25");
    }
    if (byte == 0) throw refused(url, "no path holds a NUL");
    out += static_cast<char>(byte);
    position += 2;
  }
  return out;
}

}  // namespace

std::string file_url(const std::filesystem::path& path) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  std::string url = "file://";
  for (const char byte : path.native()) {
    if (plain.find(byte) != plain.npos) {
      url += byte;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return url;
}

std::filesystem::path path_of_file_url(std::string_view url) {
  const auto authority = url.find(separator);
  if (scheme_of(url) != "file") throw refused(url, "it does not start with \"file://\"");
  std::string_view rest = url.substr(authority + separator.size());
  if (rest.find_first_of("?#") != rest.npos) {
    throw refused(url, "\"?\" and \"#\" in a path are written %3F and %23");
  }
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (!host.empty() && host != "localhost") {
    throw refused(url, "the path must be absolute, and there is no host: three slashes");
  }
  rest.remove_prefix(host.size());
  if (rest.empty()) throw refused(url, "there is no path in it");
  return percent_decoded(rest, url);
}

std::optional<std::string> scheme_of(std::string_view url) {
  const auto end = url.find(separator);
  if (end == url.npos || end == 0) return std::nullopt;
  std::string scheme{url.substr(0, end)};
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
  };
  for (char& letter : scheme) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (!std::all_of(scheme.begin(), scheme.end(), fits)) return std::nullopt;
  return scheme;
}

}  // namespace bkp::store
