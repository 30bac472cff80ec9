#pragma once

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace bkp::test {

/// One bit in the middle of the file; a second time it is what it was.
inline void flip_a_bit(const std::filesystem::path& file) {
  auto bytes = read_text(file);
  auto& byte = bytes.at(bytes.size() / 2);
  byte = static_cast<char>(byte ^ 1);
  write_text(file, bytes);
}

/// One bit of the data in page 3 of a relation's file.
inline void damage_page_3(const std::filesystem::path& file) {
  auto bytes = read_text(file);
  auto& byte = bytes.at(3 * 8192 + 5000);
  byte = static_cast<char>(byte ^ 1);
  write_text(file, bytes);
}

}  // namespace bkp::test
