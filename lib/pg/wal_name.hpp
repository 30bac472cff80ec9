#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pg/lsn.hpp"

namespace bkp::pg {

/// Names of the files that PostgreSQL archives, from its src/include/access/xlog_internal.h
/// (XLogFileName, IsPartialXLogFileName, TLHistoryFileName, BackupHistoryFileName).

/// Bytes of a WAL segment, 1 MiB to 1 GiB (initdb --wal-segsize); a power of two.
using WalSegmentSize = std::uint32_t;
bool is_wal_segment_size(std::uint64_t bytes);
/// With it every name of any cluster parses; the number is then not the segment's.
inline constexpr WalSegmentSize smallest_wal_segment = 1U << 20U;

/// Which segment: its number counts segments of this size since the beginning of the WAL.
struct WalSegment {
  std::uint32_t timeline = 0;
  std::uint64_t number = 0;
  bool operator==(const WalSegment&) const = default;
};

enum class WalFileKind {
  segment,  ///< 000000010000000A000000FF
  partial,  ///< 000000010000000A000000FF.partial: the last of a timeline that was left
  history,  ///< 0000000B.history: where a timeline begins
  backup,   ///< 000000010000000A000000FF.00000028.backup: a note of a base backup
};

struct WalFile {
  WalFileKind kind = WalFileKind::segment;
  std::uint32_t timeline = 0;
  std::uint64_t number = 0;  ///< of the segment; 0 for a history file
  std::uint32_t offset = 0;  ///< of a backup's beginning in its segment
  bool operator==(const WalFile&) const = default;
};

/// nullopt for any other name, and for a segment that there cannot be with this size.
std::optional<WalFile> parse_wal_name(std::string_view name, WalSegmentSize size);

std::string wal_segment_name(const WalSegment& segment, WalSegmentSize size);
std::string wal_history_name(std::uint32_t timeline);

/// Where the segment begins.
Lsn wal_segment_start(const WalSegment& segment, WalSegmentSize size);
/// The segment that holds the byte at `lsn`.
WalSegment wal_segment_at(std::uint32_t timeline, Lsn lsn, WalSegmentSize size);

}  // namespace bkp::pg
