#include "util/text.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <numeric>

namespace bkp::util {

namespace {

struct Character {
  std::size_t length = 0;  ///< bytes; 0 when the text does not start with valid UTF-8
  char32_t code = 0;
};

/// The first character of a text that is not empty, as strict as RFC 3629: no overlong form, no
/// surrogate, nothing above U+10FFFF.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[index]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(index) & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte(index) & 0x3FU);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {length, code};
}

/// Controls, and the characters that reorder or break the line around them.
bool is_hostile(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E ||
         code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_hex(std::string& out, unsigned char byte) {
  out += hex_digits[byte >> 4U];
  out += hex_digits[byte & 0xFU];
}

/// Insertions, deletions, replacements, and swaps of neighbours.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> current(to.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t row = 1; row <= from.size(); ++row) {
    current[0] = row;
    for (std::size_t column = 1; column <= to.size(); ++column) {
      const bool same = from[row - 1] == to[column - 1];
      current[column] = std::min(
          {last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0U : 1U)});
      if (row > 1 && column > 1 && from[row - 1] == to[column - 2] &&
          from[row - 2] == to[column - 1]) {
        current[column] = std::min(current[column], before_last[column - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[to.size()];
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [length, code] = first_character(text);
    if (length != 0 && !is_hostile(code)) {
      out += text.substr(0, length);
      text.remove_prefix(length);
      continue;
    }
    const std::size_t bytes = std::max<std::size_t>(length, 1);
    for (const char byte : text.substr(0, bytes)) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(byte));
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string printable_lines(std::string_view text, std::string_view indent) {
  std::string result;
  for (const auto line : split_lines(text)) {
    if (!result.empty()) result.append("\n").append(indent);
    result += printable(line);
  }
  return result;
}

std::string quoted(std::string_view name) {
  return '"' + printable(name) + '"';
}

namespace {

/// $'…', whose escapes hold what a terminal must not get.
std::string escaped_for_shell(std::string_view text) {
  std::string out = "$'";
  while (!text.empty()) {
    const auto length = std::max<std::size_t>(first_character(text).length, 1);
    const auto character = text.substr(0, length);
    if (character == "'" || character == "\\") {
      out += '\\';
      out += character;
    } else {
      out += printable(character);
    }
    text.remove_prefix(length);
  }
  return out + '\'';
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view harmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(harmless) == text.npos) return std::string{text};
  if (printable(text) != text) return escaped_for_shell(text);
  std::string out = "'";
  for (const char character : text) {
    if (character == '\'') {
      out += "'\\''";
    } else {
      out += character;
    }
  }
  return out + '\'';
}

std::string nearest(std::string_view wrong, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(wrong.size() / 3, 2) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wrong, candidate);
    // As many edits as letters: the two have nothing in common.
    if (distance >= best_distance || distance >= std::max(wrong.size(), candidate.size())) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string{} : *best;
}

bool matches_pattern(std::string_view name, std::string_view pattern) {
  return ::fnmatch(std::string{pattern}.c_str(), std::string{name}.c_str(), 0) == 0;
}

bool is_literal_pattern(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") == pattern.npos;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return out;
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) append_hex(out, std::to_integer<unsigned char>(byte));
  return out;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end != text.npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = first_character(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace bkp::util
