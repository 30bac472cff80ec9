#pragma once

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

/// The way without the instruction, for tests: the same result.
std::uint32_t crc32c_update_by_tables(std::uint32_t state, std::span<const std::byte> bytes);

}  // namespace bkp::pg
