#include "util/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace bkp::util {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned invalid = 64;

constexpr auto values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(invalid);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}();

std::string_view without_padding(std::string_view text) {
  if (text.ends_with('=')) text.remove_suffix(1);
  if (text.ends_with('=')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string to_base64(std::span<const std::byte> data, Base64Padding padding) {
  std::string text;
  text.reserve((data.size() + 2) / 3 * 4);
  while (!data.empty()) {
    const auto group = data.first(std::min<std::size_t>(data.size(), 3));
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8U | (i < group.size() ? std::to_integer<std::uint32_t>(group[i]) : 0U);
    for (std::size_t i = 0; i <= group.size(); ++i) text += alphabet[bits >> (18U - 6U * i) & 63U];
    if (padding == Base64Padding::present) text.append(3 - group.size(), '=');
    data = data.subspan(group.size());
  }
  return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text, Base64Padding padding) {
  if (padding == Base64Padding::present) {
    if (text.size() % 4 != 0) return std::nullopt;
    text = without_padding(text);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<std::byte> data;
  data.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto value = values[static_cast<unsigned char>(c)];
    if (value == invalid) return std::nullopt;
    bits = bits << 6U | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    data.push_back(static_cast<std::byte>(bits >> held));
    bits &= (1U << held) - 1U;
  }
  if (bits != 0) return std::nullopt;
  return data;
}

}  // namespace bkp::util
