#include "recover/table_queue.hpp"

namespace bkp::recover {

void TableQueue::add(std::span<const pg::ArchiveBlock> blocks) {
  if (blocks.empty()) return;
  m_next += blocks.size() - 1;
  if (m_last && m_begun.erase(*m_last) > 0) m_begun.insert(blocks.front());
  for (const auto& block : m_last ? blocks.subspan(1) : blocks) {
    if (m_wanted.contains(m_entries[block.entry].dump_id)) m_begun.insert(block);
  }
  m_last = blocks.back();
}

std::optional<TableBlock> TableQueue::take() {
  if (m_begun.empty()) return std::nullopt;
  const auto block = m_begun.extract(m_begun.begin()).value();
  --m_left;
  return TableBlock{&m_entries[block.entry], block.position};
}

}  // namespace bkp::recover
