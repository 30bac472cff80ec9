#include "pg/table_data.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "pg/archive_input.hpp"
#include "util/error.hpp"

namespace bkp::pg {

namespace {

constexpr std::size_t k_input_size = std::size_t{256} << 10U;
/// What goes to the server at once.
constexpr std::size_t k_piece_size = std::size_t{64} << 10U;
constexpr auto k_table_block = std::byte{1};

}  // namespace

TableDataReader::TableDataReader(std::uint64_t position, int integer_size, Read read)
    : m_position{position},
      m_integer_size{static_cast<std::size_t>(integer_size)},
      m_read{std::move(read)},
      m_input(k_input_size) {}

std::string_view TableDataReader::next() {
  m_text.clear();
  if (!m_inside) take_block_head();
  while (!m_ended && m_text.size() < k_piece_size) {
    if (m_chunk_left == 0) {
      const auto length = take_integer();
      if (length < 0) fail("a chunk of negative length");
      m_chunk_left = static_cast<std::size_t>(length);
      m_ended = length == 0;
      continue;
    }
    if (m_begin == m_end) require(1);
    const auto piece = available().first(std::min(m_chunk_left, m_end - m_begin));
    m_text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    m_begin += piece.size();
    m_chunk_left -= piece.size();
  }
  return m_text;
}

std::span<const std::byte> TableDataReader::available() const {
  return std::span{m_input}.subspan(m_begin, m_end - m_begin);
}

void TableDataReader::require(std::size_t size) {
  if (m_end - m_begin >= size) return;
  std::memmove(m_input.data(), m_input.data() + m_begin, m_end - m_begin);
  m_end -= m_begin;
  m_begin = 0;
  while (m_end < size) {
    const auto got = m_read(m_position, std::span{m_input}.subspan(m_end));
    if (got == 0) fail("the file ends within it");
    m_position += got;
    m_end += got;
  }
}

std::int64_t TableDataReader::take_integer() {
  const auto size = 1 + m_integer_size;
  require(size);
  const auto number = decode_integer(available().first(size));
  if (!number) fail("what should be an integer is none");
  m_begin += size;
  return *number;
}

void TableDataReader::take_block_head() {
  require(1);
  if (available()[0] != k_table_block) fail("it is no table's");
  ++m_begin;
  take_integer();
  m_inside = true;
}

void TableDataReader::fail(std::string_view what) const {
  throw util::Error{util::ErrorKind::damaged,
                    fmt::format("the data block before byte {} of the dump cannot be read: {}",
                                m_position - (m_end - m_begin), what),
                    "do not rely on this dump: use another copy of it, or another backup"};
}

}  // namespace bkp::pg
