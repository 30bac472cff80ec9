#pragma once

#include <cstdint>

#include "pg/crc32c.hpp"
#include "pg/page_checksum.hpp"

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

}  // namespace bkp::physical
