#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "pg/archive_reader.hpp"
#include "pg/seekable_archive.hpp"

namespace bkp::recover {

/// The data of one table in a dump.
struct TableBlock {
  const pg::ArchiveEntry* entry = nullptr;  ///< of the table of contents
  std::uint64_t position = 0;               ///< of the block in the file
};

/// In what order the tables of a dump that is still growing are loaded: each once, the largest of
/// those that have begun first. Takes time with the logarithm of their number. Not for concurrent
/// use.
class TableQueue {
 public:
  /// `wanted`: dump ids of entries that have data. Both must outlive the queue.
  TableQueue(const std::vector<pg::ArchiveEntry>& entries, const std::set<int>& wanted)
      : m_entries{entries}, m_wanted{wanted}, m_left{wanted.size()} {}

  /// Index of the block that add() goes on with: the last one it was told of, which may have grown.
  std::size_t next_block() const { return m_next; }
  /// The blocks from next_block() on, in archive order.
  void add(std::span<const pg::ArchiveBlock> blocks);

  /// nullopt when no table that is wanted has begun and was not taken.
  std::optional<TableBlock> take();
  /// All that are wanted were taken.
  bool empty() const { return m_left == 0; }

 private:
  struct LargestFirst {
    bool operator()(const pg::ArchiveBlock& a, const pg::ArchiveBlock& b) const {
      return a.data_bytes != b.data_bytes ? a.data_bytes > b.data_bytes : a.position < b.position;
    }
  };

  const std::vector<pg::ArchiveEntry>& m_entries;
  const std::set<int>& m_wanted;
  std::size_t m_left;
  std::size_t m_next = 0;
  std::optional<pg::ArchiveBlock> m_last;  ///< as it was told
  std::set<pg::ArchiveBlock, LargestFirst> m_begun;
};

}  // namespace bkp::recover
