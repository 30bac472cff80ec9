#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bkp::pg {

/// An order-independent 128-bit hash over rows: the sum, modulo 2^128, of XXH3-128 (seed 0) of each
/// row's COPY text without its line end. A sum, because with xor two equal rows would cancel out.
class RowsHash {
 public:
  void add(std::string_view row) noexcept;
  /// A row whose XXH3-128 is known already.
  void add_hashed(std::uint64_t low, std::uint64_t high) noexcept {
    m_low += low;
    m_high += high + (m_low < low ? 1 : 0);
    ++m_rows;
  }
  std::uint64_t rows() const noexcept { return m_rows; }
  /// 32 lower-case hex digits, most significant first.
  std::string hex() const;
  bool operator==(const RowsHash&) const = default;

 private:
  std::uint64_t m_low = 0;
  std::uint64_t m_high = 0;
  std::uint64_t m_rows = 0;
};

}  // namespace bkp::pg
