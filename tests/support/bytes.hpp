#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/sink.hpp"

namespace bkp::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

/// "0a1b" → two bytes.
inline std::vector<std::byte> from_hex(const std::string& digits) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// Writes `text` to `sink` in pieces of `size` bytes.
inline void write_in_pieces(stream::Sink& sink, std::string_view text, std::size_t size) {
  for (std::size_t at = 0; at < text.size(); at += size) {
    // A copy of its own: a reader that keeps a pointer into a piece is caught by the sanitizer.
    const std::string piece{text.substr(at, size)};
    sink.write(bytes_of(piece));
  }
}

}  // namespace bkp::test
