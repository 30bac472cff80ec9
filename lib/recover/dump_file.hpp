#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "backup/source.hpp"
#include "pg/archive_reader.hpp"
#include "pg/seekable_archive.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// How much of a dump there is at once, in bytes.
struct DumpFlow {
  /// The file is written so far ahead of the furthest of those who read it.
  std::uint64_t ahead = std::uint64_t{64} << 20U;
  /// What was read is freed in pieces of this size.
  std::uint64_t discard = std::uint64_t{16} << 20U;
};

/// A dump out of a store, as a file without a name in the scratch directory: gone with this object,
/// also after a crash. What the store holds is fetched whole and proven before anything else is
/// done with it; then it is decompressed on a thread of its own, while others already read what is
/// there. In the end it is byte for byte what pg_dump would have written into a file, but for what
/// was discarded.
///
/// The file is written DumpFlow::ahead of its readers and no further, so that what is written and
/// freed again soon never reaches the disk. There is one exception: while somebody waits for the
/// next block, it is written on to that one. One huge table and a second session then cost the page
/// cache, and in the end the disk, as much of the scratch directory as the huge table takes; space
/// for all of it was asked for. To keep back there would leave the second session idle until the
/// first is nearly through, though the tables behind the huge one are what it is for.
///
/// The methods may be called from any thread; all that wait throw Error{interrupted} when the run
/// is to end, and what ended the decompression: Error{damaged} where the dump is no whole archive
/// (it was stored like that) or longer than its manifest says, Error{refused} for the scratch
/// directory.
class DumpFile {
 public:
  /// Fetches and proves; see StoredDump.
  DumpFile(run::Context& context, const backup::Source& source, DumpFlow flow = {});
  /// Ends the decompression where it is.
  ~DumpFile();
  DumpFile(const DumpFile&) = delete;
  DumpFile& operator=(const DumpFile&) = delete;

  /// Bytes of the whole file, as the manifest has it.
  std::uint64_t size() const;
  const DumpFlow& flow() const;
  /// For reading by others: /dev/fd/N of a program that inherits it.
  int fd() const;
  /// Waits for the table of contents, which then is in the file. Empty when the archive's format is
  /// unknown.
  const std::vector<pg::ArchiveEntry>& entries();
  /// As entries().
  const pg::ArchiveHeader& header();
  /// Waits for the end of the file.
  void await_end();

  /// Shows `look` the data blocks that have begun, in archive order, of which the last may still
  /// grow: now, whenever there is more of the file, and on wake(), until it has what it wants
  /// (true) or nothing will come any more. The calls of all threads come one after the other.
  using Look = std::function<bool(std::span<const pg::ArchiveBlock> begun)>;
  void await_blocks(const Look& look);
  /// Has all that wait in await_blocks() look again.
  void wake() noexcept;
  /// Reads what there is from `position` on, at least a byte: waits for it. 0 at the end.
  std::size_t read(std::uint64_t position, std::span<std::byte> space);
  /// Frees the space of a table's data that nobody reads any more; the file reads as zeros there.
  void discard(std::uint64_t begin, std::uint64_t end) noexcept;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::recover
