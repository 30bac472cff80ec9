#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backup/wal_need.hpp"
#include "pg/wal_name.hpp"
#include "util/clock.hpp"
#include "wal/inventory.hpp"

namespace bkp::wal {

/// A physical backup that stays.
struct StayingBackup {
  std::string label;
  backup::WalNeed need;
  util::Time started_at;
  bool sound = true;  ///< nothing is known against it and what it is built on
};

/// What may go of one store's archive.
struct WalPlan {
  std::vector<ArchivedName> remove;
  std::uint64_t bytes = 0;  ///< of these, as stored
  /// The backup from whose beginning on everything stays, so that any time since then can be
  /// reached; nullopt when there is none, and all stays.
  std::optional<std::string> anchor;
};

/// Keeps every segment from the beginning of one backup on, whatever its timeline: of the newest
/// sound one that is older than `window`, so that each time within it can be recovered to, or of
/// the oldest sound one. Where none is sound everything stays: what was taken for damage may be
/// none. Of older backups what makes them consistent stays. Histories stay for good: they are
/// small, and tell where timelines come from.
WalPlan plan_retention(const Inventory& inventory, pg::WalSegmentSize size,
                       const std::vector<StayingBackup>& backups, std::chrono::seconds window,
                       util::Time now);

}  // namespace bkp::wal
