#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/archive_reader.hpp"
#include "stream/sink.hpp"

namespace bkp::pg {

/// A data block, as far as it has been written.
struct ArchiveBlock {
  std::size_t entry = 0;         ///< index in the table of contents
  std::uint64_t position = 0;    ///< of its type byte
  std::uint64_t data_bytes = 0;  ///< of data so far
};

/// Writes an archive to a seekable file, from its beginning, and fills in at finish() the offsets
/// of the data blocks that pg_dump could not write into a pipe, so that pg_restore --jobs seeks
/// instead of scanning: byte for byte what pg_dump would have written into a file. An archive of a
/// version it cannot read is written as it is. The caller owns `fd`; `name` is named in errors.
/// Errors: Error{store} from the file, Error{damaged} as ArchiveReader.
class SeekableArchiveSink final : public stream::Sink {
 public:
  SeekableArchiveSink(int fd, std::string name);
  ~SeekableArchiveSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override {}

  /// Known once its last byte was written; empty until then, and when the archive cannot be read.
  const ArchiveHeader& header() const;
  const std::vector<ArchiveEntry>& entries() const;
  /// Those that have begun, in archive order.
  const std::vector<ArchiveBlock>& blocks() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::pg
