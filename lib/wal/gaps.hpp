#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/clock.hpp"
#include "wal/archive_map.hpp"

namespace bkp::wal {

/// WAL that a kept backup needs to become consistent: all segments from the first to the last.
struct BackupWal {
  std::string label;
  std::uint32_t timeline = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  util::Time started_at = {};
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

/// The first backup that needs nothing of what is missing and stands for all that comes after it:
/// out of reach are only times between the gap and its end. Null when there is none.
const BackupWal* bridge_of(const WalGap& gap, const std::vector<BackupWal>& backups);

}  // namespace bkp::wal
