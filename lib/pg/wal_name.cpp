#include "pg/wal_name.hpp"

#include <bit>
#include <charconv>

#include <fmt/format.h>

namespace bkp::pg {

namespace {

constexpr std::size_t digits = 8;                   // of each number in a name
constexpr std::size_t segment_digits = 3 * digits;  // timeline, high and low half

/// Exactly eight digits of the upper case that PostgreSQL writes.
std::optional<std::uint32_t> parse_number(std::string_view text) {
  if (text.size() != digits) return std::nullopt;
  if (text.find_first_not_of("0123456789ABCDEF") != text.npos) return std::nullopt;
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

/// How many segments share the high half of their numbers (XLogSegmentsPerXLogId).
std::uint64_t segments_per_id(WalSegmentSize size) {
  return (std::uint64_t{1} << 32U) / size;
}

std::optional<WalFile> parse_segment(std::string_view name, WalSegmentSize size) {
  const auto timeline = parse_number(name.substr(0, digits));
  const auto high = parse_number(name.substr(digits, digits));
  const auto low = parse_number(name.substr(2 * digits, digits));
  if (!timeline || !high || !low || *timeline == 0 || *low >= segments_per_id(size))
    return std::nullopt;
  return WalFile{WalFileKind::segment, *timeline, *high * segments_per_id(size) + *low, 0};
}

std::optional<WalFile> parse_history(std::string_view name) {
  const auto timeline = parse_number(name.substr(0, digits));
  if (!timeline || *timeline == 0 || name.substr(digits) != ".history") return std::nullopt;
  return WalFile{WalFileKind::history, *timeline, 0, 0};
}

}  // namespace

bool is_wal_segment_size(std::uint64_t bytes) {
  constexpr std::uint64_t least = std::uint64_t{1} << 20U;
  constexpr std::uint64_t most = std::uint64_t{1} << 30U;
  return std::has_single_bit(bytes) && bytes >= least && bytes <= most;
}

std::optional<WalFile> parse_wal_name(std::string_view name, WalSegmentSize size) {
  if (name.size() < segment_digits)
    return name.size() < digits ? std::nullopt : parse_history(name);
  auto file = parse_segment(name, size);
  if (!file) return std::nullopt;
  const auto rest = name.substr(segment_digits);
  if (rest.empty()) return file;
  if (rest == ".partial") {
    file->kind = WalFileKind::partial;
    return file;
  }
  const auto offset = rest.starts_with('.') ? parse_number(rest.substr(1, digits)) : std::nullopt;
  if (!offset || *offset >= size || rest.substr(1 + digits) != ".backup") return std::nullopt;
  file->kind = WalFileKind::backup;
  file->offset = *offset;
  return file;
}

std::string wal_segment_name(const WalSegment& segment, WalSegmentSize size) {
  const auto per_id = segments_per_id(size);
  return fmt::format("{:08X}{:08X}{:08X}", segment.timeline, segment.number / per_id,
                     segment.number % per_id);
}

std::string wal_history_name(std::uint32_t timeline) {
  return fmt::format("{:08X}.history", timeline);
}

Lsn wal_segment_start(const WalSegment& segment, WalSegmentSize size) {
  return {segment.number * size};
}

WalSegment wal_segment_at(std::uint32_t timeline, Lsn lsn, WalSegmentSize size) {
  return {timeline, lsn.value / size};
}

}  // namespace bkp::pg
