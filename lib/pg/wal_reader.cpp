#include "pg/wal_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pg/bytes_at.hpp"
#include "pg/crc32c.hpp"
#include "pg/wal_segment_header.hpp"
#include "util/error.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

namespace {

/// XLogPageHeaderData, src/include/access/xlog_internal.h.
constexpr std::size_t short_header_size = 24;
constexpr std::uint16_t continues_record = 0x0001;   // XLP_FIRST_IS_CONTRECORD
constexpr std::uint16_t overwrites_record = 0x0008;  // XLP_FIRST_IS_OVERWRITE_CONTRECORD

/// XLogRecord.
constexpr std::size_t record_header_size = 24;
constexpr std::size_t crc_offset = 20;
constexpr std::uint32_t largest_record = 1020U << 20U;  // XLogRecordMaxSize of 16 and newer

/// XLOG_SWITCH of RM_XLOG_ID: the rest of the segment holds nothing.
constexpr std::uint8_t switch_manager = 0;
constexpr std::uint8_t switch_info = 0x40;
constexpr std::uint8_t info_mask = 0xF0;

/// MAXALIGN: records begin at multiples of eight.
constexpr std::uint64_t aligned(std::uint64_t value) {
  return (value + 7) & ~std::uint64_t{7};
}

}  // namespace

WalReader::WalReader(const WalSegmentHeader& first, Visit visit)
    : m_first{first}, m_visit{std::move(visit)}, m_position{first.address}, m_end{first.address} {
  m_page.reserve(m_first.page_size);
}

void WalReader::fail(Lsn at, const std::string& why) const {
  throw Error{ErrorKind::damaged, fmt::format("the WAL is damaged at {}: {}", to_text(at), why),
              "use another copy of the segment"};
}

void WalReader::write(std::span<const std::byte> bytes) {
  while (!bytes.empty() && !m_at_end) {
    const auto piece = bytes.first(std::min(bytes.size(), m_first.page_size - m_page.size()));
    m_page.insert(m_page.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
    if (m_page.size() < m_first.page_size) return;
    if (m_position >= m_resume) take_page();
    m_position.value += m_first.page_size;
    m_page.clear();
  }
}

void WalReader::take_page() {
  const std::span<const std::byte> page{m_page};
  const auto magic = read_at<std::uint16_t>(page, 0);
  const auto flags = read_at<std::uint16_t>(page, 2);
  const Lsn address{read_at<std::uint64_t>(page, 8)};
  // Nothing was written here yet, or before the segment got its present name.
  if (magic == 0 || (magic == m_first.magic && address < m_position)) {
    m_at_end = true;
    return;
  }
  if (magic != m_first.magic)
    fail(m_position, fmt::format("a page has the magic number {:04X}", magic));
  if (address != m_position)
    fail(m_position, fmt::format("there is the page of {}", to_text(address)));
  const bool begins_segment = m_position.value % m_first.segment_size == 0;
  if (begins_segment != ((flags & wal_long_header) != 0))
    fail(m_position, "a page has the header of another kind");
  if (begins_segment &&
      read_wal_segment_header(page).system_identifier != m_first.system_identifier) {
    fail(m_position, "a segment of another cluster follows");
  }
  begin_page(flags, read_at<std::uint32_t>(page, 16),
             begins_segment ? wal_segment_header_size : short_header_size);
}

void WalReader::begin_page(std::uint16_t flags, std::uint32_t remaining, std::size_t header_size) {
  const std::span<const std::byte> page{m_page};
  // A crash left the record in progress without its end, and recovery went on behind it.
  if ((flags & overwrites_record) != 0) m_record.clear();
  const bool continues = (flags & continues_record) != 0;
  if (!m_record.empty()) {
    if (!continues || remaining != m_wanted - m_record.size())
      fail(m_position, fmt::format("the record of {} is not continued", to_text(m_start)));
    return take_records(page, header_size);
  }
  if (!continues) return take_records(page, header_size);
  if (m_prev) fail(m_position, "a record is continued that never began");
  // The first segment begins in its middle.
  const auto offset = header_size + aligned(remaining);
  m_end.value = m_position.value + std::min<std::uint64_t>(offset, page.size());
  if (offset < page.size()) take_records(page, offset);
}

void WalReader::take_records(std::span<const std::byte> page, std::size_t offset) {
  while (offset < page.size() && !m_at_end && m_position >= m_resume) {
    if (m_record.empty()) {
      m_start.value = m_position.value + offset;
      const auto length = read_at<std::uint32_t>(page, offset);
      if (length == 0) {
        m_at_end = true;
        return;
      }
      if (length < record_header_size || length > largest_record)
        fail(m_start, fmt::format("a record has {} bytes", length));
      m_wanted = length;
    }
    const auto piece =
        page.subspan(offset, std::min(m_wanted - m_record.size(), page.size() - offset));
    m_record.insert(m_record.end(), piece.begin(), piece.end());
    offset += piece.size();
    if (m_record.size() < m_wanted) return;
    offset = aligned(offset);
    finish_record(Lsn{m_position.value + offset});
  }
}

void WalReader::finish_record(Lsn end) {
  const std::span<const std::byte> bytes{m_record};
  const auto data = bytes.subspan(record_header_size);
  const auto crc =
      crc32c_finish(crc32c_update(crc32c_update(crc32c_start, data), bytes.first(crc_offset)));
  if (crc != read_at<std::uint32_t>(bytes, crc_offset))
    fail(m_start, "the checksum of a record does not match");
  WalRecord record;
  record.start = m_start;
  record.end = end;
  record.transaction = read_at<std::uint32_t>(bytes, 4);
  record.prev.value = read_at<std::uint64_t>(bytes, 8);
  record.info = read_at<std::uint8_t>(bytes, 16);
  record.resource_manager = read_at<std::uint8_t>(bytes, 17);
  record.data = data;
  if (m_prev && record.prev != *m_prev) {
    fail(m_start, fmt::format("the record before it is said to be at {}, and is at {}",
                              to_text(record.prev), to_text(*m_prev)));
  }
  if (record.resource_manager == switch_manager && (record.info & info_mask) == switch_info) {
    const auto size = m_first.segment_size;
    record.end.value = (record.end.value + size - 1) / size * size;
    m_resume = record.end;
  }
  m_visit(record);
  m_prev = m_start;
  m_end = record.end;
  m_record.clear();
}

}  // namespace bkp::pg
