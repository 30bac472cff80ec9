#include "physical/changed_pages.hpp"

#include <algorithm>

namespace bkp::physical {

namespace {

constexpr std::size_t piece_size = 128 * pg::page_size;

}  // namespace

std::vector<std::uint32_t> ScannedPages::find(const PageReader& file,
                                              std::span<const PageMark> before) const {
  std::vector<std::uint32_t> changed;
  std::vector<std::byte> piece(std::min<std::uint64_t>(piece_size, file.bytes()));
  const auto is_changed = [&](pg::Page page, std::uint32_t block) {
    return block >= before.size() || pg::page_lsn(page) >= m_start ||
           mark_of(page) != before[block];
  };
  std::uint32_t block = 0;
  for (std::uint64_t offset = 0; offset < file.bytes(); offset += piece.size()) {
    m_context.interrupt.check();
    const auto size = std::min<std::uint64_t>(piece.size(), file.bytes() - offset);
    const auto bytes = std::span{piece}.first(size);
    file.read(bytes, offset);
    for (std::size_t at = 0; at < size; at += pg::page_size, ++block) {
      if (is_changed(bytes.subspan(at).first<pg::page_size>(), block)) changed.push_back(block);
    }
    m_context.progress.advance(size);
  }
  return changed;
}

}  // namespace bkp::physical
