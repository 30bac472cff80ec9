#include "sftp/known_hosts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Base64Padding;

namespace {

/// Cuts the next word off.
std::string_view next_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const auto word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

/// '*' and '?' only: fnmatch(3) would take the brackets of "[host]:22" for a set.
bool matches(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::optional<std::size_t> star;
  std::size_t after_star = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      after_star = at;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at])) {
      ++in_pattern;
      ++at;
    } else if (star) {
      in_pattern = *star + 1;
      at = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == pattern.npos;
}

/// "|1|SALT|HASH", HASH being the HMAC-SHA1 of the name.
bool matches_hashed(std::string_view name, std::string_view hashed) {
  hashed.remove_prefix(3);
  const auto bar = hashed.find('|');
  if (bar == hashed.npos) return false;
  const auto salt = util::from_base64(hashed.substr(0, bar), Base64Padding::present);
  const auto hash = util::from_base64(hashed.substr(bar + 1), Base64Padding::present);
  if (!salt || !hash) return false;
  std::array<unsigned char, EVP_MAX_MD_SIZE> computed{};
  unsigned length = 0;
  if (HMAC(EVP_sha1(), salt->data(), static_cast<int>(salt->size()),
           reinterpret_cast<const unsigned char*>(name.data()), name.size(), computed.data(),
           &length) == nullptr) {
    throw util::Error{util::ErrorKind::internal, "OpenSSL cannot compute an HMAC-SHA1"};
  }
  const auto result = std::as_bytes(std::span{computed}.first(length));
  return std::equal(result.begin(), result.end(), hash->begin(), hash->end());
}

bool names_host(std::string_view hosts, std::string_view name) {
  if (hosts.starts_with("|1|")) return matches_hashed(name, hosts);
  bool found = false;
  while (!hosts.empty()) {
    auto pattern = hosts.substr(0, hosts.find(','));
    hosts.remove_prefix(std::min(pattern.size() + 1, hosts.size()));
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (!matches(name, util::lower(pattern))) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

}  // namespace

KnownHosts::KnownHosts(std::string_view text) {
  std::size_t number = 0;
  for (std::string_view line : util::split_lines(text)) {
    ++number;
    auto first = next_word(line);
    if (first.starts_with('#')) continue;
    const bool revoked = first == "@revoked";
    if (!revoked && first.starts_with('@')) continue;
    if (revoked) first = next_word(line);
    const auto type = next_word(line);
    auto key = util::from_base64(next_word(line), Base64Padding::present);
    if (!key || key->empty() || key_type(*key) != type) continue;
    m_entries.push_back({number, revoked, std::string{first}, std::string{type}, std::move(*key)});
  }
}

KnownHosts::Answer KnownHosts::check(std::string_view name, std::span<const std::byte> key) const {
  const std::string host = util::lower(name);
  Answer answer;
  for (const Entry& entry : m_entries) {
    const bool same = std::equal(key.begin(), key.end(), entry.key.begin(), entry.key.end());
    if (entry.revoked && !same) continue;
    if (!names_host(entry.hosts, host)) continue;
    // A revocation is final, wherever it stands.
    if (entry.revoked) return {HostKeyVerdict::revoked, entry.line};
    if (same) {
      answer = {HostKeyVerdict::known, entry.line};
    } else if (answer.verdict == HostKeyVerdict::unknown) {
      answer = {HostKeyVerdict::changed, entry.line};
    }
  }
  return answer;
}

std::vector<std::string> KnownHosts::key_types(std::string_view name) const {
  const std::string host = util::lower(name);
  std::vector<std::string> types;
  for (const Entry& entry : m_entries) {
    if (entry.revoked || !names_host(entry.hosts, host)) continue;
    if (std::find(types.begin(), types.end(), entry.type) == types.end()) {
      types.push_back(entry.type);
    }
  }
  return types;
}

std::vector<std::string> KnownHosts::lines(std::string_view name) const {
  const std::string host = util::lower(name);
  std::vector<std::string> result;
  for (const Entry& entry : m_entries) {
    if (names_host(entry.hosts, host) && check(name, entry.key).verdict == HostKeyVerdict::known)
      result.push_back(known_hosts_line(name, entry.key));
  }
  return result;
}

std::string key_fingerprint(std::span<const std::byte> key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(key.data(), key.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw util::Error{util::ErrorKind::internal, "OpenSSL cannot compute a SHA-256"};
  }
  return "SHA256:" +
         util::to_base64(std::as_bytes(std::span{digest}.first(length)), Base64Padding::none);
}

std::string key_type(std::span<const std::byte> key) {
  if (key.size() < 4) return {};
  std::uint32_t length = 0;
  for (const std::byte byte : key.first(4)) length = length << 8U | static_cast<unsigned>(byte);
  if (length > key.size() - 4) return {};
  return {reinterpret_cast<const char*>(key.data()) + 4, length};
}

std::string known_hosts_line(std::string_view name, std::span<const std::byte> key) {
  return fmt::format("{} {} {}", name, key_type(key), util::to_base64(key, Base64Padding::present));
}

}  // namespace bkp::sftp
