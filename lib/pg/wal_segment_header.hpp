#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pg/lsn.hpp"
#include "pg/wal_name.hpp"

namespace bkp::pg {

/// What the first page of a WAL segment says of it: XLogLongPageHeaderData, PostgreSQL's
/// src/include/access/xlog_internal.h. Little-endian, as on every machine that bkp runs on.
struct WalSegmentHeader {
  std::uint16_t magic = 0;  ///< XLOG_PAGE_MAGIC: the version of the format
  std::uint32_t timeline = 0;
  Lsn address;  ///< where the segment begins
  std::uint64_t system_identifier = 0;
  std::uint32_t segment_size = 0;  ///< bytes
  std::uint32_t page_size = 0;     ///< bytes
  bool operator==(const WalSegmentHeader&) const = default;
};

/// XLP_LONG_HEADER: the flag of a page that has this header, which the first of a segment has.
inline constexpr std::uint16_t wal_long_header = 0x0002;

/// Bytes of the header.
inline constexpr std::size_t wal_segment_header_size = 40;

/// Throws Error{damaged} when the bytes are too few, are no long header, or hold a size that there
/// is not; they are not compared with anything.
WalSegmentHeader read_wal_segment_header(std::span<const std::byte> bytes);

/// The major version that writes this magic, 14 to 18; 0 for any other.
int postgres_version_of(std::uint16_t magic);

/// Throws Error{damaged} when the header is not that of the file `name` of this cluster: what
/// differs is named. PostgreSQL recycles segments, so an old one under a new name is a real
/// danger. A segment whose name is of a later timeline than its first page is one in which the
/// timeline changed: where it begins, the page still has the timeline that was left.
void require_wal_segment(const WalSegmentHeader& header, std::string_view name,
                         std::uint64_t system_identifier);

}  // namespace bkp::pg
