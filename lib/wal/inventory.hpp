#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/lsn.hpp"
#include "pg/timeline_history.hpp"
#include "pg/wal_name.hpp"
#include "store/store.hpp"
#include "wal/archive_key.hpp"

namespace bkp::wal {

/// One archived file as it lies in a store.
struct ArchivedFile {
  ArchivedName name;
  std::uint64_t stored_bytes = 0;
  util::Time modified;
};

/// What one store has of the archive, by the names of its objects.
struct Inventory {
  /// By what the server calls them. Where a file is there sealed and unsealed, one of them.
  std::map<std::string, ArchivedFile> files;
  std::vector<std::string> strange;  ///< keys of objects that do not belong there
};

Inventory read_inventory(store::Store& store, const std::string& site);

/// Where a timeline came from.
struct TimelineOrigin {
  std::uint32_t parent = 0;
  pg::Lsn begin;  ///< the first byte that is its own
};

/// The archive of all stores together, as far as their names tell.
struct ArchiveMap {
  pg::WalSegmentSize segment_size = 0;
  /// Timeline → number → when it was archived.
  std::map<std::uint32_t, std::map<std::uint64_t, util::Time>> segments;
  std::map<std::uint32_t, TimelineOrigin> origins;  ///< of all but the first
};

/// WAL that a kept backup needs to become consistent: all segments from the first to the last.
struct BackupWal {
  std::string label;
  std::uint32_t timeline = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// Segments that are missing where they must not.
struct WalGap {
  std::uint32_t timeline = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::string label;  ///< of the backup that cannot become consistent without them, if it is that
  bool operator==(const WalGap&) const = default;
};

/// What is missing: between the segments of each timeline, where a timeline leaves its parent, and
/// of what the backups need. What retention has removed is not: segments before those of a backup,
/// when those before the hole are older than `keep_after` and belong to older backups.
std::vector<WalGap> find_gaps(const ArchiveMap& archive, const std::vector<BackupWal>& backups,
                              util::Time keep_after);

}  // namespace bkp::wal
