#pragma once

#include <optional>
#include <vector>

#include "pg/wal_reader.hpp"
#include "pg/wal_segment_header.hpp"
#include "stream/sink.hpp"

namespace bkp::wal {

/// A segment on its way into a reader of the WAL, which is made of its first page when there is
/// none yet.
class SegmentSink final : public stream::Sink {
 public:
  explicit SegmentSink(std::optional<pg::WalReader>& reader, pg::WalReader::Visit visit = {});
  void write(std::span<const std::byte> data) override;
  /// Throws Error{damaged} when not even a header came.
  void finish() override;
  void abort() noexcept override {}

  /// After finish().
  const pg::WalSegmentHeader& header() const { return *m_header; }

 private:
  std::optional<pg::WalReader>& m_reader;
  pg::WalReader::Visit m_visit;
  std::vector<std::byte> m_begin;
  std::optional<pg::WalSegmentHeader> m_header;
};

}  // namespace bkp::wal
