#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pg/crc32c.hpp"
#include "pg/page_checksum.hpp"
#include "physical/page_cutter.hpp"

namespace bkp::physical {

/// What is remembered of a page in place of the page: two sums that have nothing in common, 64 bits
/// together.
struct PageMark {
  std::uint32_t crc32c = 0;
  std::uint32_t xxh3 = 0;  ///< the lower half of XXH3_64bits()
  bool operator==(const PageMark&) const = default;
};

PageMark mark_of(pg::Page page);

/// The CRC-32C of pages one behind the other, from their marks; `before` is that of what stands
/// before them.
class PagesCrc {
 public:
  explicit PagesCrc(std::uint32_t before = 0) : m_crc{before} {}
  void add(const PageMark& mark) { m_crc = joiner().join(m_crc, mark.crc32c); }
  std::uint32_t value() const { return m_crc; }

 private:
  static const pg::Crc32cJoiner& joiner();

  std::uint32_t m_crc;
};

/// What is remembered of a file: its CRC-32C, and the marks of its pages where it is kept by them.
class FileSums {
 public:
  /// `by_pages`: the file is of whole pages.
  explicit FileSums(bool by_pages) : m_by_pages{by_pages} {}
  /// The file's bytes one behind the other, in pieces of any size.
  void add(std::span<const std::byte> bytes);
  std::uint32_t crc32c() const;
  std::vector<PageMark> take_marks() { return std::move(m_marks); }

 private:
  bool m_by_pages;
  std::uint32_t m_crc = pg::crc32c_start;  ///< of a file that is not
  PagesCrc m_pages_crc;
  PageCutter m_cutter;
  std::vector<PageMark> m_marks;
};

}  // namespace bkp::physical
