#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "pg/archive_reader.hpp"
#include "run/context.hpp"
#include "store/store.hpp"

namespace bkp::recover {

/// The data of one table in the dump.
struct TableBlock {
  const pg::ArchiveEntry* entry = nullptr;  ///< as long as the file lives
  std::uint64_t position = 0;               ///< of the block in the file
};

/// A dump out of a store, as a file without a name in the scratch directory: gone with this object,
/// also after a crash. What the store holds is fetched whole and proven before anything else is
/// done with it; then it is decompressed on a thread of its own, while others already read what is
/// there, and not much further than they are: what is written and freed again soon never reaches
/// the disk. In the end it is byte for byte what pg_dump would have written into a file, but for
/// what was discarded. Its methods may be called from any thread; all that wait throw
/// Error{interrupted} when the run is to end, and what ended the decompression: Error{damaged}
/// where the dump is no whole archive (it was stored like that), Error{store} for the scratch
/// directory.
class DumpFile {
 public:
  /// Fetches and proves. Throws Error{damaged} when a byte differs, Error{refused} when the scratch
  /// directory's file system has not the space (names both figures and the setting).
  DumpFile(run::Context& context, store::Store& store, const backup::Layout& layout,
           const backup::Manifest& manifest);
  /// Ends the decompression where it is.
  ~DumpFile();
  DumpFile(const DumpFile&) = delete;
  DumpFile& operator=(const DumpFile&) = delete;

  /// Bytes of the whole file, as the manifest has it.
  std::uint64_t size() const;
  /// For reading by others: /dev/fd/N of a program that inherits it.
  int fd() const;
  /// Waits for the table of contents, which then is in the file. Empty when the archive's format is
  /// unknown.
  const std::vector<pg::ArchiveEntry>& entries();
  /// As entries().
  const pg::ArchiveHeader& header();
  /// Waits for the end of the file.
  void await_end();

  /// Hands out each table of `wanted` (dump ids) once, the largest of those that have begun first;
  /// waits for the next to begin. nullopt when there is none left.
  std::optional<TableBlock> take_table(const std::set<int>& wanted);
  /// Reads what there is from `position` on, at least a byte: waits for it. 0 at the end.
  std::size_t read(std::uint64_t position, std::span<std::byte> space);
  /// Frees the space of a table's data that nobody reads any more; the file reads as zeros there.
  void discard(std::uint64_t begin, std::uint64_t end) noexcept;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::recover
