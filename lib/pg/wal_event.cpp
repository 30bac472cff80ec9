#include "pg/wal_event.hpp"

#include <chrono>
#include <cstring>

#include "pg/bytes_at.hpp"

namespace bkp::pg {

namespace {

constexpr std::uint8_t xlog_manager = 0;         // RM_XLOG_ID, src/include/access/rmgrlist.h
constexpr std::uint8_t transaction_manager = 1;  // RM_XACT_ID
constexpr std::uint8_t restore_point_info = 0x70;
constexpr std::uint8_t operation_mask = 0x70;  // XLOG_XACT_OPMASK

// XLR_BLOCK_ID_…, src/include/access/xlogrecord.h
constexpr std::uint8_t short_data = 255;
constexpr std::uint8_t long_data = 254;
constexpr std::uint8_t origin = 253;
constexpr std::uint8_t top_transaction = 252;

constexpr std::size_t restore_point_name_size = 64;  // MAXFNAMELEN

/// What the record says of itself: behind the headers, which for these kinds name no block. Empty
/// for what is not so.
std::span<const std::byte> main_data(std::span<const std::byte> data) {
  std::size_t at = 0;
  while (at < data.size()) {
    const auto id = read_at<std::uint8_t>(data, at);
    if (id == short_data && at + 2 <= data.size()) {
      const std::size_t size = read_at<std::uint8_t>(data, at + 1);
      return size <= data.size() - at - 2 ? data.last(size) : data.first(0);
    }
    if (id == long_data && at + 5 <= data.size()) {
      const std::size_t size = read_at<std::uint32_t>(data, at + 1);
      return size <= data.size() - at - 5 ? data.last(size) : data.first(0);
    }
    if (id == origin) {
      at += 3;
    } else if (id == top_transaction) {
      at += 5;
    } else {
      break;
    }
  }
  return data.first(0);
}

/// TimestampTz: microseconds since 2000-01-01 UTC.
util::Time time_at(std::span<const std::byte> data, std::size_t offset) {
  constexpr std::chrono::sys_days epoch = std::chrono::year{2000} / 1 / 1;
  return epoch + std::chrono::microseconds{read_at<std::int64_t>(data, offset)};
}

std::optional<WalEvent::Kind> transaction_end(std::uint8_t info) {
  switch (info & operation_mask) {
    case 0x00:  // XLOG_XACT_COMMIT
    case 0x30:  // XLOG_XACT_COMMIT_PREPARED
      return WalEvent::Kind::commit;
    case 0x20:  // XLOG_XACT_ABORT
    case 0x40:  // XLOG_XACT_ABORT_PREPARED
      return WalEvent::Kind::abort;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<WalEvent> wal_event(const WalRecord& record) {
  WalEvent event;
  event.start = record.start;
  event.end = record.end;
  event.transaction = record.transaction;
  if (record.resource_manager == transaction_manager) {
    const auto kind = transaction_end(record.info);
    const auto data = main_data(record.data);
    if (!kind || data.size() < sizeof(std::int64_t)) return std::nullopt;
    event.kind = *kind;
    event.time = time_at(data, 0);
    return event;
  }
  if (record.resource_manager != xlog_manager || (record.info & 0xF0U) != restore_point_info)
    return std::nullopt;
  const auto data = main_data(record.data);
  if (data.size() < sizeof(std::int64_t) + restore_point_name_size) return std::nullopt;
  event.kind = WalEvent::Kind::restore_point;
  event.time = time_at(data, 0);
  const auto* name = reinterpret_cast<const char*>(data.data()) + sizeof(std::int64_t);
  event.name = std::string{name, ::strnlen(name, restore_point_name_size)};
  return event;
}

}  // namespace bkp::pg
