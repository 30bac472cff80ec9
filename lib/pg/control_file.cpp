#include "pg/control_file.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "pg/bytes_at.hpp"
#include "pg/crc32c.hpp"
#include "pg/wal_name.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

namespace {

/// Offsets of the members, the same in all these versions.
namespace at {
constexpr std::size_t system_identifier = 0;
constexpr std::size_t version = 8;
constexpr std::size_t catalog_version = 12;
constexpr std::size_t state = 16;
constexpr std::size_t checkpoint = 32;
constexpr std::size_t redo = 40;
constexpr std::size_t timeline = 48;
constexpr std::size_t max_connections = 180;
constexpr std::size_t max_worker_processes = 184;
constexpr std::size_t max_wal_senders = 188;
constexpr std::size_t max_prepared_transactions = 192;
constexpr std::size_t max_locks_per_transaction = 196;
constexpr std::size_t page_size = 216;
constexpr std::size_t segment_pages = 220;
constexpr std::size_t wal_segment_size = 228;
constexpr std::size_t data_checksum_version = 252;
}  // namespace at

/// The CRC is the last member, of all before it.
std::optional<std::size_t> crc_offset(std::uint32_t version) {
  switch (version) {
    case 1300:
    case 1700:
      return 288;
    case 1800:
      return 292;
    default:
      return std::nullopt;
  }
}

Error damaged(std::string_view why) {
  return {ErrorKind::damaged, fmt::format("this is no pg_control that can be used: {}", why),
          "is this the data directory of a PostgreSQL 14 to 18? pg_controldata shows the file"};
}

}  // namespace

ControlFile parse_control_file(std::span<const std::byte> bytes) {
  if (bytes.size() < at::catalog_version) throw damaged("it is too short");
  ControlFile file;
  file.version = read_at<std::uint32_t>(bytes, at::version);
  const auto crc = crc_offset(file.version);
  if (!crc) throw damaged(fmt::format("its version is {}", file.version));
  if (bytes.size() < *crc + sizeof(std::uint32_t)) throw damaged("it is too short");
  if (crc32c(bytes.first(*crc)) != read_at<std::uint32_t>(bytes, *crc))
    throw damaged("its checksum does not match");
  file.system_identifier = read_at<std::uint64_t>(bytes, at::system_identifier);
  file.catalog_version = read_at<std::uint32_t>(bytes, at::catalog_version);
  file.state = static_cast<ClusterState>(read_at<std::uint32_t>(bytes, at::state));
  file.checkpoint.value = read_at<std::uint64_t>(bytes, at::checkpoint);
  file.redo.value = read_at<std::uint64_t>(bytes, at::redo);
  file.timeline = read_at<std::uint32_t>(bytes, at::timeline);
  file.max_connections = read_at<std::uint32_t>(bytes, at::max_connections);
  file.max_worker_processes = read_at<std::uint32_t>(bytes, at::max_worker_processes);
  file.max_wal_senders = read_at<std::uint32_t>(bytes, at::max_wal_senders);
  file.max_prepared_transactions = read_at<std::uint32_t>(bytes, at::max_prepared_transactions);
  file.max_locks_per_transaction = read_at<std::uint32_t>(bytes, at::max_locks_per_transaction);
  file.page_size = read_at<std::uint32_t>(bytes, at::page_size);
  file.segment_pages = read_at<std::uint32_t>(bytes, at::segment_pages);
  file.wal_segment_size = read_at<std::uint32_t>(bytes, at::wal_segment_size);
  file.data_checksum_version = read_at<std::uint32_t>(bytes, at::data_checksum_version);
  if (!is_wal_segment_size(file.wal_segment_size))
    throw damaged(fmt::format("{} is no size of a WAL segment", file.wal_segment_size));
  return file;
}

ControlFile read_control_file(const std::filesystem::path& data) {
  const auto path = data / "global/pg_control";
  constexpr int attempts = 10;
  for (int attempt = 1;; ++attempt) {
    const auto text = util::read_file(path);
    if (!text) {
      throw Error{ErrorKind::config, fmt::format("there is no {}", util::quoted(path.string())),
                  "name the data directory of the cluster"};
    }
    try {
      return parse_control_file(std::as_bytes(std::span{*text}));
    } catch (Error& error) {
      if (attempt < attempts) continue;
      error.add_context("reading " + path.string());
      throw;
    }
  }
}

}  // namespace bkp::pg
