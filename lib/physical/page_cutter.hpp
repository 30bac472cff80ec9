#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "pg/page_checksum.hpp"

namespace bkp::physical {

/// Cuts what comes in pieces of any size into whole pages.
class PageCutter {
 public:
  /// Calls `take(pages)` with one page or several, one behind the other.
  template <class Take>
  void add(std::span<const std::byte> bytes, const Take& take) {
    if (!m_held.empty()) {
      const auto more = std::min(bytes.size(), pg::page_size - m_held.size());
      m_held.insert(m_held.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
      bytes = bytes.subspan(more);
      if (m_held.size() < pg::page_size) return;
      take(std::span<const std::byte>{m_held});
      m_held.clear();
    }
    const auto whole = bytes.size() / pg::page_size * pg::page_size;
    if (whole > 0) take(bytes.first(whole));
    m_held.assign(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end());
  }

  /// What is left of a page that did not come whole.
  std::span<const std::byte> rest() const { return m_held; }

 private:
  std::vector<std::byte> m_held;
};

/// Calls `take(page, number)` for each, counted from `first`.
template <class Number, class Take>
void for_each_page(std::span<const std::byte> pages, Number first, const Take& take) {
  for (; !pages.empty(); pages = pages.subspan(pg::page_size), ++first)
    take(pages.first<pg::page_size>(), first);
}

}  // namespace bkp::physical
