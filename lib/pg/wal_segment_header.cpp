#include "pg/wal_segment_header.hpp"

#include <array>
#include <bit>

#include <fmt/format.h>

#include "pg/bytes_at.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

namespace {

/// configure --with-wal-blocksize, 1 to 64 kB.
bool is_wal_page_size(std::uint32_t bytes) {
  return std::has_single_bit(bytes) && bytes >= 1U << 10U && bytes <= 1U << 16U;
}

Error no_segment(std::string_view why) {
  return {ErrorKind::damaged, fmt::format("this is no WAL segment: {}", why),
          "it must be a file of the server's pg_wal, as PostgreSQL wrote it"};
}

}  // namespace

WalSegmentHeader read_wal_segment_header(std::span<const std::byte> bytes) {
  if (bytes.size() < wal_segment_header_size) {
    throw no_segment(fmt::format("it has {} bytes, and its header alone has {}", bytes.size(),
                                 wal_segment_header_size));
  }
  WalSegmentHeader header;
  header.magic = read_at<std::uint16_t>(bytes, 0);
  const auto flags = read_at<std::uint16_t>(bytes, 2);
  if (postgres_version_of(header.magic) == 0) {
    throw no_segment(
        fmt::format("its magic number {:04X} is none of PostgreSQL 14 to 18", header.magic));
  }
  if ((flags & wal_long_header) == 0) throw no_segment("its first page does not begin a segment");
  header.timeline = read_at<std::uint32_t>(bytes, 4);
  header.address.value = read_at<std::uint64_t>(bytes, 8);
  header.system_identifier = read_at<std::uint64_t>(bytes, 24);
  header.segment_size = read_at<std::uint32_t>(bytes, 32);
  header.page_size = read_at<std::uint32_t>(bytes, 36);
  if (!is_wal_segment_size(header.segment_size)) {
    throw no_segment(fmt::format("{} is no size of a segment", header.segment_size));
  }
  if (!is_wal_page_size(header.page_size)) {
    throw no_segment(fmt::format("{} is no size of a page", header.page_size));
  }
  if (header.address.value % header.segment_size != 0) {
    throw no_segment(fmt::format("no segment begins at {}", to_text(header.address)));
  }
  return header;
}

int postgres_version_of(std::uint16_t magic) {
  struct Version {
    std::uint16_t magic;
    int major;
  };
  constexpr std::array versions{Version{0xD10D, 14}, Version{0xD110, 15}, Version{0xD113, 16},
                                Version{0xD116, 17}, Version{0xD118, 18}};
  for (const auto& version : versions) {
    if (version.magic == magic) return version.major;
  }
  return 0;
}

void require_wal_segment(const WalSegmentHeader& header, std::string_view name,
                         std::uint64_t system_identifier) {
  const auto wrong = [&](const std::string& what) {
    return Error{ErrorKind::damaged,
                 fmt::format("{} is not what its name says: {}", util::quoted(name), what),
                 "do not use it; a segment of another cluster, or a recycled one, has come to this "
                 "place: find out what writes there"};
  };
  if (header.system_identifier != system_identifier) {
    throw wrong(fmt::format("it is of the cluster {}, not of {}", header.system_identifier,
                            system_identifier));
  }
  const auto file = parse_wal_name(name, header.segment_size);
  if (!file || file->kind == WalFileKind::history || file->kind == WalFileKind::backup)
    throw wrong(fmt::format("there is no such segment of {} bytes", header.segment_size));
  const WalSegment segment{file->timeline, file->number};
  const auto start = wal_segment_start(segment, header.segment_size);
  if (header.address != start) {
    throw wrong(fmt::format("it begins at {}, not at {}", to_text(header.address), to_text(start)));
  }
  if (header.timeline == 0 || header.timeline > file->timeline)
    throw wrong(fmt::format("it is of timeline {}, not of {}", header.timeline, file->timeline));
}

}  // namespace bkp::pg
