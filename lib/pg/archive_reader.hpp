#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stream/sink.hpp"

namespace bkp::pg {

/// Reads PostgreSQL's custom archive format (pg_dump --format=custom) as it flows by.
///
/// The format is described here and nowhere else in the house. Source: PostgreSQL,
/// src/bin/pg_dump/pg_backup_archiver.c (WriteHead, WriteToc, WriteInt, WriteStr, WriteOffset) and
/// pg_backup_custom.c (_StartData, _StartLOs, _CustomWriteFunc), versions 9.0 to 18.
///
/// An archive is a header, a table of contents and data blocks up to the end of the file.
///
///   integer   sign byte (0, or 1 = negative), then the magnitude in `integer size` bytes, least
///             significant first
///   string    integer length, then so many bytes, never a zero byte; length -1 is NULL
///   offset    flag byte (1 = not known, 2 = known, 3 = no data), then a file position in `offset
///             size` bytes, least significant first
///
/// Header: "PGDMP"; three bytes of version (1, 12..16, revision); byte integer size; byte offset
/// size; byte format (1 = custom); compression (from 1.15 a byte: 0 none, 1 gzip, 2 lz4, 3 zstd;
/// before that an integer, zlib's level, 0 = none); seven integers of local time (sec, min, hour,
/// mday, mon, year, isdst); strings database, server version, pg_dump's version.
///
///   1.12  PostgreSQL 9.0    1.13  11    1.14  12    1.15  16    1.16  17, 18
///
/// Table of contents: integer count, then per entry
///
///   integer   dump id, above 0, unique
///   integer   1 when a data block belongs to it, else 0
///   string    OID of the catalog it comes from, decimal; string OID of the object, decimal
///   string    tag (the object's name); string description ("TABLE DATA")
///   integer   section: 1 none, 2 pre-data, 3 data, 4 post-data
///   string    definition; string drop statement; string COPY statement
///   string    schema; string tablespace; from 1.14 string table access method
///   integer   relkind, from 1.16
///   string    owner; string "true" or "false" (WITH OIDS, always "false" from 12)
///   strings   dump ids of what it depends on, decimal, ended by NULL
///   offset    of the data block; flag 1 when pg_dump wrote into a pipe
///
/// Data block: byte type, integer dump id, content. Type 1 (a table): chunks. Type 3 (entries
/// BLOBS; several from 1.16 on): per large object an integer OID, modulo 2^32, and chunks; OID 0
/// ends the block. Chunks: integer length above 0 and so many bytes, repeated; length 0 ends them.
/// Compression applies to the bytes of the chunks, everything else is plain. Uncompressed chunks of
/// TABLE DATA make COPY text: see pg/copy_text.hpp.

struct ArchiveVersion {
  int major_version = 0;
  int minor_version = 0;
  int revision = 0;
  auto operator<=>(const ArchiveVersion&) const = default;
};

struct ArchiveHeader {
  ArchiveVersion version;
  int integer_size = 0;  ///< bytes of an integer
  int offset_size = 0;   ///< bytes of a file offset
  int compression = 0;   ///< 0 = none; otherwise level (before 1.15) or algorithm of the chunks
  std::string database;
  std::string server_version;  ///< "15.18 (Debian …)"
  std::string dump_version;
};

struct ArchiveEntry {
  int dump_id = 0;
  bool has_data = false;    ///< a data block with this dump id follows the table of contents
  std::string tag;          ///< name of the object; for TABLE DATA the table
  std::string description;  ///< "TABLE", "TABLE DATA", "BLOBS", "SEQUENCE SET", …
  int section = 0;
  std::string schema;
  std::string owner;
  std::string definition;
  std::string copy_statement;  ///< "COPY public.t (a, b) FROM stdin;\n" for TABLE DATA
  std::vector<int> dependencies;
  /// Where the entry's flag byte and offset of its data block stand in the archive, so that a
  /// seekable copy can be given the offsets pg_dump could not write into a pipe.
  std::uint64_t offset_position = 0;

  /// The rows of one table; whether as COPY text tells copy_statement.
  bool is_table_data() const { return has_data && description == "TABLE DATA"; }
};

/// What the reader tells while the archive flows by. Calls come in archive order; entries stay
/// where they are as long as the reader lives, pieces are valid in the call only. An object's data
/// comes in any number of pieces, as stored: compressed when the header says so. What a listener
/// throws leaves the reader's write().
class ArchiveListener {
 public:
  virtual ~ArchiveListener() = default;
  virtual void on_contents(const ArchiveHeader& header,
                           const std::vector<ArchiveEntry>& entries) = 0;
  /// `block_position`: of the block's type byte, counted from the start of the archive.
  virtual void on_data_start(const ArchiveEntry& entry, std::uint64_t block_position) = 0;
  virtual void on_table_data(std::span<const std::byte> piece) = 0;
  virtual void on_large_object_start(std::uint32_t oid) = 0;
  virtual void on_large_object_data(std::span<const std::byte> piece) = 0;
  virtual void on_large_object_end() = 0;
  virtual void on_data_end(const ArchiveEntry& entry) = 0;
};

/// A Sink at the end of a chain: parses what is written, in pieces of any size. Memory: the table
/// of contents, never more than has arrived; data is handed on without a copy. Errors:
/// Error{damaged} for a stream that breaks the format, ends early, holds data for an unknown entry
/// or twice or elsewhere than its entry says, or (at finish) lacks data for an entry that has some.
/// An archive version that is newer than known (or older than 1.12) and a format other than custom
/// are no error: `unreadable()` then says why and the rest passes unparsed, without a call to the
/// listener.
class ArchiveReader final : public stream::Sink {
 public:
  explicit ArchiveReader(ArchiveListener& listener);
  ~ArchiveReader() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override {}
  const std::optional<std::string>& unreadable() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::pg
