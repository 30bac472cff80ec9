#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pg/lsn.hpp"
#include "pg/wal_segment_header.hpp"

namespace bkp::pg {

/// One record of the WAL, proven by its CRC: XLogRecord, PostgreSQL's
/// src/include/access/xlogrecord.h.
struct WalRecord {
  Lsn start;
  Lsn end;   ///< where the next record may begin; after a switch, the next segment
  Lsn prev;  ///< where the one before it began
  std::uint32_t transaction = 0;
  std::uint8_t resource_manager = 0;  ///< RM_XLOG_ID is 0; src/include/access/rmgrlist.h
  std::uint8_t info = 0;              ///< the resource manager's own kind of record
  std::span<const std::byte> data;    ///< behind the header; only as long as the call lasts
};

/// Reads the WAL as it lies in segments, page by page: src/backend/access/transam/xlogreader.c.
/// Every page header is held against its place, every record against its CRC and its link to the
/// one before. What is not right is Error{damaged} with the LSN.
///
/// The segments of one timeline come in order, from the first on without a gap; the record that the
/// first one begins in the middle of is passed over.
class WalReader {
 public:
  using Visit = std::function<void(const WalRecord&)>;

  /// `first` is the header of the first segment.
  WalReader(const WalSegmentHeader& first, Visit visit);

  /// The next bytes of the segments, in pieces of any size.
  void write(std::span<const std::byte> bytes);

  WalSegmentSize segment_size() const { return m_first.segment_size; }
  /// Up to where everything is proven: the end of the last whole record, or where the first one
  /// begins.
  Lsn end() const { return m_end; }
  /// Whether the WAL ends here: zeroes follow, in the middle of a segment, as in the last one of a
  /// cluster or in a .partial file. What comes behind them is not looked at.
  bool at_end() const { return m_at_end; }

 private:
  void take_page();
  void begin_page(std::uint16_t flags, std::uint32_t remaining, std::size_t header_size);
  void take_records(std::span<const std::byte> page, std::size_t offset);
  void finish_record(Lsn end);
  [[noreturn]] void fail(Lsn at, const std::string& why) const;

  WalSegmentHeader m_first;
  Visit m_visit;
  Lsn m_position;                 ///< of the page that is being gathered
  std::vector<std::byte> m_page;  ///< gathered so far
  std::vector<std::byte> m_record;
  std::size_t m_wanted = 0;  ///< bytes of m_record when it is whole
  Lsn m_start;               ///< of m_record
  Lsn m_end;
  std::optional<Lsn> m_prev;  ///< where the last whole record began
  Lsn m_resume;               ///< after a switch: pages before this hold nothing
  bool m_at_end = false;
};

}  // namespace bkp::pg
