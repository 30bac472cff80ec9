#include "physical/changed_pages.hpp"

#include <algorithm>

namespace bkp::physical {

std::vector<std::uint32_t> ScannedPages::find(const PageReader& file,
                                              std::span<const PageMark> before) const {
  std::vector<std::uint32_t> changed;
  std::vector<std::byte> piece(std::min<std::uint64_t>(piece_size, file.bytes()));
  const auto take = [&](pg::Page page, std::uint32_t block) {
    if (block >= before.size() || pg::page_lsn(page) >= m_start || mark_of(page) != before[block])
      changed.push_back(block);
  };
  for (std::uint64_t offset = 0; offset < file.bytes(); offset += piece.size()) {
    m_context.interrupt.check();
    const auto size = std::min<std::uint64_t>(piece.size(), file.bytes() - offset);
    const auto bytes = std::span{piece}.first(size);
    file.read(bytes, offset);
    for_each_page(bytes, static_cast<std::uint32_t>(offset / pg::page_size), take);
    m_context.progress.advance(size);
  }
  return changed;
}

}  // namespace bkp::physical
