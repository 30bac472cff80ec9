#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pg/archive_reader.hpp"
#include "pg/rows_hash.hpp"
#include "stream/sink.hpp"

namespace bkp::pg {

struct TableFingerprint {
  std::string schema;
  std::string table;
  std::string copy_statement;  ///< as in the dump: "COPY public.t (a, b) FROM stdin;"
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< of COPY text, line ends included
  std::string hash;         ///< RowsHash::hex()
};

struct LargeObjectsFingerprint {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string hash;  ///< RowsHash over one "row" an object: decimal oid, ':', 32 hex digits of
                     ///< XXH3-128 of its bytes
};

/// What a dump holds, taken while it passed: goes into the manifest and is what a restore is
/// compared with.
struct Fingerprint {
  ArchiveHeader header;
  std::string client_encoding;  ///< of the COPY text, from the ENCODING entry ("UTF8", "LATIN1")
  std::vector<TableFingerprint> tables;  ///< in archive order; one per TABLE DATA entry
  LargeObjectsFingerprint large_objects;
  std::uint64_t archive_bytes = 0;
};

/// Passes the archive on unchanged and fingerprints it. In a chain: child's stdout →
/// FingerprintSink → zstd … Parsing errors are Error{damaged} out of write() or finish(): the
/// stream is no archive, or its table of contents and data disagree. There is no fingerprint, but
/// no error either, of an archive version not known here, of compressed data, and of data that is
/// no COPY text (pg_dump --inserts).
class FingerprintSink final : public stream::Sink {
 public:
  explicit FingerprintSink(stream::Sink& next);
  ~FingerprintSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

  /// After finish(): the fingerprint, or nullopt when there can be none; unreadable() then says
  /// why.
  const std::optional<Fingerprint>& fingerprint() const;
  const std::optional<std::string>& unreadable() const;

 private:
  struct State;
  stream::Sink& m_next;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::pg
