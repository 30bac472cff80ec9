#include "seal/bech32.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "util/text.hpp"

namespace bkp::seal {

namespace {

constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t checksum_length = 6;

using Groups = std::vector<std::uint8_t>;  // of 5 bits each

std::uint32_t polymod(const Groups& groups) {
  constexpr std::array<std::uint32_t, 5> generator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                                   0x2a1462b3};
  std::uint32_t sum = 1;
  for (const auto group : groups) {
    const auto top = sum >> 25U;
    sum = (sum & 0x1ffffffU) << 5U ^ group;
    for (unsigned i = 0; i < generator.size(); ++i) {
      if ((top >> i & 1U) != 0) sum ^= generator[i];
    }
  }
  return sum;
}

Groups expanded(std::string_view prefix) {
  Groups groups;
  for (const char c : prefix) groups.push_back(static_cast<std::uint8_t>(c) >> 5U);
  groups.push_back(0);
  for (const char c : prefix) groups.push_back(static_cast<std::uint8_t>(c) & 31U);
  return groups;
}

bool has(std::string_view text, char first, char last) {
  return std::ranges::any_of(text, [&](char c) { return c >= first && c <= last; });
}

std::optional<std::vector<std::byte>> to_bytes(std::span<const std::uint8_t> groups) {
  std::vector<std::byte> data;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const auto group : groups) {
    bits = bits << 5U | group;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    data.push_back(static_cast<std::byte>(bits >> held));
    bits &= (1U << held) - 1U;
  }
  if (held >= 5 || bits != 0) return std::nullopt;
  return data;
}

Groups to_groups(std::span<const std::byte> data) {
  Groups groups;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const auto byte : data) {
    bits = (bits << 8U | std::to_integer<std::uint32_t>(byte)) & 0xfffU;
    for (held += 8; held >= 5; held -= 5)
      groups.push_back(static_cast<std::uint8_t>(bits >> (held - 5) & 31U));
  }
  if (held > 0) groups.push_back(static_cast<std::uint8_t>(bits << (5 - held) & 31U));
  return groups;
}

}  // namespace

std::string to_bech32(std::string_view prefix, std::span<const std::byte> data) {
  auto groups = to_groups(data);
  auto summed = expanded(prefix);
  summed.insert(summed.end(), groups.begin(), groups.end());
  summed.insert(summed.end(), checksum_length, 0);
  const auto checksum = polymod(summed) ^ 1U;
  for (unsigned i = 0; i < checksum_length; ++i)
    groups.push_back(static_cast<std::uint8_t>(checksum >> (5 * (5 - i)) & 31U));
  std::string text{prefix};
  text += '1';
  for (const auto group : groups) text += alphabet[group];
  return text;
}

std::optional<Bech32> from_bech32(std::string_view text) {
  if (has(text, 'A', 'Z') && has(text, 'a', 'z')) return std::nullopt;
  const auto all = util::lower(text);
  const auto separator = all.rfind('1');
  if (separator == all.npos || separator == 0) return std::nullopt;
  const auto prefix = all.substr(0, separator);
  const auto visible = [](char c) { return c >= '!' && c <= '~'; };
  if (!std::ranges::all_of(prefix, visible)) return std::nullopt;
  auto summed = expanded(prefix);
  Groups groups;
  for (const char c : std::string_view{all}.substr(separator + 1)) {
    const auto value = alphabet.find(c);
    if (value == alphabet.npos) return std::nullopt;
    groups.push_back(static_cast<std::uint8_t>(value));
  }
  summed.insert(summed.end(), groups.begin(), groups.end());
  if (groups.size() < checksum_length || polymod(summed) != 1) return std::nullopt;
  auto data = to_bytes(std::span{groups}.first(groups.size() - checksum_length));
  if (!data) return std::nullopt;
  return Bech32{prefix, std::move(*data)};
}

}  // namespace bkp::seal
