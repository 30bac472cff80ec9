#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "pg/lsn.hpp"

namespace bkp::pg {

/// What a cluster says of itself in global/pg_control, of PostgreSQL 14 to 18: ControlFileData,
/// src/include/catalog/pg_control.h.

/// DBState, with its numbers.
enum class ClusterState : std::uint32_t {
  starting_up = 0,
  shut_down = 1,
  shut_down_in_recovery = 2,
  shutting_down = 3,
  in_crash_recovery = 4,
  in_archive_recovery = 5,
  in_production = 6,
};

struct ControlFile {
  std::uint64_t system_identifier = 0;
  std::uint32_t version = 0;          ///< of the file: 1300 (14 to 16), 1700, 1800
  std::uint32_t catalog_version = 0;  ///< of the system's tables: 202209061 (15)
  ClusterState state = ClusterState::starting_up;
  Lsn checkpoint;              ///< of the last checkpoint's record
  Lsn redo;                    ///< where recovery from it begins
  std::uint32_t timeline = 0;  ///< of the last checkpoint
  /// What a server that recovers must allow at least (src/backend/access/transam/xlogrecovery.c,
  /// RecoveryRequiresIntParameter).
  std::uint32_t max_connections = 0;
  std::uint32_t max_worker_processes = 0;
  std::uint32_t max_wal_senders = 0;
  std::uint32_t max_prepared_transactions = 0;
  std::uint32_t max_locks_per_transaction = 0;
  std::uint32_t page_size = 0;              ///< bytes, of data files
  std::uint32_t segment_pages = 0;          ///< pages of a file of a relation: RELSEG_SIZE
  std::uint32_t wal_segment_size = 0;       ///< bytes
  std::uint32_t data_checksum_version = 0;  ///< 0: pages have no checksums
};

/// Throws Error{damaged} when the bytes are too few, are of another version, or when their CRC does
/// not match.
ControlFile parse_control_file(std::span<const std::byte> bytes);

/// Reads DATA/global/pg_control. The server writes it in place, so a read can meet a write: what
/// does not match is read again before it counts as damaged. Throws Error{damaged}; Error{config}
/// when there is none: `data` is no data directory.
ControlFile read_control_file(const std::filesystem::path& data);

}  // namespace bkp::pg
