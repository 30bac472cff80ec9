#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bkp::pg {

/// Hands out the bytes of an archive in the units its parser asks for, however they arrive. What is
/// asked for and lies within one piece is not copied. Part of ArchiveReader; the format is
/// described there.
class ArchiveInput {
 public:
  /// The next piece; of the one before, everything must have been taken.
  void feed(std::span<const std::byte> piece) noexcept { m_piece = piece; }

  /// The next `size` bytes, valid until the next call; nullopt as long as they have not all
  /// arrived: then the rest of the piece is kept, and the next call must ask for the same size.
  std::optional<std::span<const std::byte>> take(std::size_t size) {
    if (m_kept.empty() && m_piece.size() >= size) return advance(size);
    return take_across(size);
  }

  /// What there is of the next `most` bytes, possibly nothing. Not after a take() that gave
  /// nullopt.
  std::span<const std::byte> take_some(std::size_t most) noexcept {
    return advance(most < m_piece.size() ? most : m_piece.size());
  }

  /// Where the next byte to be taken stands, counted from the start of the archive.
  std::uint64_t position() const noexcept { return m_position; }

  /// Error{damaged} with the position. To be thrown by whoever finds the bytes taken last wrong.
  [[noreturn]] void fail(std::string_view what) const;

 private:
  std::span<const std::byte> advance(std::size_t size) noexcept {
    const auto taken = m_piece.first(size);
    m_piece = m_piece.subspan(size);
    m_position += size;
    return taken;
  }
  std::optional<std::span<const std::byte>> take_across(std::size_t size);

  std::span<const std::byte> m_piece;
  std::vector<std::byte> m_kept;  ///< grows with what arrives, never with what is claimed
  bool m_complete = false;        ///< m_kept was handed out
  std::uint64_t m_position = 0;
};

/// An integer as stored: sign and magnitude. nullopt for what no pg_dump writes: a sign byte that
/// is neither 0 nor 1, a negative zero, a magnitude beyond 32 bits.
inline std::optional<std::int64_t> decode_integer(std::span<const std::byte> bytes) noexcept {
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  std::uint32_t magnitude = 0;
  if (bytes.size() == 5) {
    magnitude = at(1) | at(2) << 8U | at(3) << 16U | at(4) << 24U;
  } else {
    for (std::size_t i = 1; i < bytes.size(); ++i) {
      if (i <= 4) {
        magnitude |= at(i) << (8 * (i - 1));
      } else if (at(i) != 0) {
        return std::nullopt;
      }
    }
  }
  if (at(0) == 0) return std::int64_t{magnitude};
  if (at(0) > 1 || magnitude == 0) return std::nullopt;
  return -std::int64_t{magnitude};
}

}  // namespace bkp::pg
