#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::pg {

/// Reads one table's data block out of an archive in a file, which may still be growing behind it:
/// the COPY text that pg_dump wrote, in large pieces instead of a chunk a row. The format is
/// described in pg/archive_reader.hpp; compressed data is not for this. Not for concurrent use.
class TableDataReader {
 public:
  /// Fills as much of `space` as there is from `position` on; waits until that is at least a byte.
  /// 0: the file ends there.
  using Read = std::function<std::size_t(std::uint64_t position, std::span<std::byte> space)>;

  /// `position`: of the block's type byte. `integer_size`: see ArchiveHeader.
  TableDataReader(std::uint64_t position, int integer_size, Read read);

  /// The next piece, valid until the next call; empty at the end of the table. Throws
  /// Error{damaged} for what is no data block.
  std::string_view next();

 private:
  std::span<const std::byte> available() const;
  /// Reads until `size` bytes are available.
  void require(std::size_t size);
  std::int64_t take_integer();
  void take_block_head();
  [[noreturn]] void fail(std::string_view what) const;

  std::uint64_t m_position;  ///< of the first byte that was not read yet
  std::size_t m_integer_size;
  Read m_read;
  std::vector<std::byte> m_input;
  std::size_t m_begin = 0;  ///< of what is available in m_input
  std::size_t m_end = 0;
  std::string m_text;
  std::size_t m_chunk_left = 0;
  bool m_inside = false;  ///< behind the block's head
  bool m_ended = false;
};

}  // namespace bkp::pg
