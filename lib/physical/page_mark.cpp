#include "physical/page_mark.hpp"

#include <xxhash.h>

namespace bkp::physical {

PageMark mark_of(pg::Page page) {
  return {pg::crc32c(page), static_cast<std::uint32_t>(XXH3_64bits(page.data(), page.size()))};
}

const pg::Crc32cJoiner& PagesCrc::joiner() {
  static const pg::Crc32cJoiner joiner{pg::page_size};
  return joiner;
}

void FileSums::add(std::span<const std::byte> bytes) {
  if (!m_by_pages) {
    m_crc = pg::crc32c_update(m_crc, bytes);
    return;
  }
  m_cutter.add(bytes, [&](std::span<const std::byte> pages) {
    for_each_page(pages, 0, [&](pg::Page page, int) {
      m_marks.push_back(mark_of(page));
      m_pages_crc.add(m_marks.back());
    });
  });
}

std::uint32_t FileSums::crc32c() const {
  return m_by_pages ? m_pages_crc.value() : pg::crc32c_finish(m_crc);
}

}  // namespace bkp::physical
