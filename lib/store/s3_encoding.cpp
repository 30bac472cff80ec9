#include "store/s3_encoding.hpp"

#include <charconv>
#include <cstdint>

namespace bkp::store {

namespace {

std::string encoded(std::string_view text, std::string_view also_plain) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char letter : text) {
    if (plain.find(letter) != plain.npos || also_plain.find(letter) != also_plain.npos) {
      out += letter;
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

}  // namespace

std::string s3_encoded(std::string_view text) {
  return encoded(text, "");
}

std::string s3_encoded_path(std::string_view key) {
  return encoded(key, "/");
}

std::optional<std::string> s3_decoded(std::string_view text) {
  std::string out;
  for (std::size_t position = 0; position < text.size(); ++position) {
    if (text[position] != '%') {
      out += text[position] == '+' ? ' ' : text[position];
      continue;
    }
    const auto digits = text.substr(position + 1, 2);
    const auto* const end = digits.data() + digits.size();
    std::uint8_t byte = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != 2 || error != std::errc{} || stopped != end) return std::nullopt;
    out += static_cast<char>(byte);
    position += 2;
  }
  return out;
}

}  // namespace bkp::store
