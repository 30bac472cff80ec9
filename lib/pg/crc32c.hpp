#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bkp::pg {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4), as pg_control, WAL records and backup manifests
/// have it: src/port/pg_crc32c_sb8.c. With the processor's own instruction where it has one.
std::uint32_t crc32c(std::span<const std::byte> bytes);

/// Of bytes that come in pieces: update() with each, from `crc32c_start` on, then finish().
inline constexpr std::uint32_t crc32c_start = 0xFFFFFFFF;
std::uint32_t crc32c_update(std::uint32_t state, std::span<const std::byte> bytes);
constexpr std::uint32_t crc32c_finish(std::uint32_t state) {
  return state ^ 0xFFFFFFFF;
}

/// Makes the CRC of two pieces from theirs, for second pieces of one length: what zlib's
/// crc32_combine() does for its polynomial.
class Crc32cJoiner {
 public:
  explicit Crc32cJoiner(std::uint64_t second_bytes);
  std::uint32_t join(std::uint32_t first, std::uint32_t second) const {
    return m_tables[0][first & 0xFFU] ^ m_tables[1][first >> 8U & 0xFFU] ^
           m_tables[2][first >> 16U & 0xFFU] ^ m_tables[3][first >> 24U] ^ second;
  }

 private:
  /// What each byte of a CRC becomes when the second piece's length of zeroes follows.
  std::array<std::array<std::uint32_t, 256>, 4> m_tables;
};

/// The way without the instruction, for tests: the same result.
std::uint32_t crc32c_update_by_tables(std::uint32_t state, std::span<const std::byte> bytes);

}  // namespace bkp::pg
