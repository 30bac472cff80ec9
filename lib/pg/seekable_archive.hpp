#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/archive_reader.hpp"
#include "stream/sink.hpp"

namespace bkp::pg {

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

  /// After finish(): the table of contents; empty when the archive cannot be read.
  const std::vector<ArchiveEntry>& entries() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::pg
