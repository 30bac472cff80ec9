#include "pg/archive_input.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/error.hpp"

namespace bkp::pg {

namespace {
constexpr std::size_t k_worth_keeping = std::size_t{1} << 20U;
}

std::optional<std::span<const std::byte>> ArchiveInput::take_across(std::size_t size) {
  if (m_complete) {
    m_complete = false;
    m_kept.clear();
    // One huge definition must not hold its memory for the hours the data takes.
    if (m_kept.capacity() > k_worth_keeping) m_kept.shrink_to_fit();
    return take(size);
  }
  const auto part = take_some(size - m_kept.size());
  m_kept.insert(m_kept.end(), part.begin(), part.end());
  if (m_kept.size() < size) return std::nullopt;
  m_complete = true;
  return std::span<const std::byte>{m_kept};
}

void ArchiveInput::fail(std::string_view what) const {
  throw util::Error{util::ErrorKind::damaged,
                    fmt::format("the dump is damaged before byte {}: {}", m_position, what),
                    "do not rely on this dump: use another copy of it, or another backup"};
}

}  // namespace bkp::pg
