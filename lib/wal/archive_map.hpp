#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/lsn.hpp"
#include "pg/wal_name.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"
#include "util/log.hpp"
#include "wal/decoding.hpp"
#include "wal/inventory.hpp"

namespace bkp::wal {

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

/// What one store has, and the store.
struct StoreInventory {
  store::Store& store;
  const Inventory& inventory;
};

/// Puts together what the stores have. The size of the segments is what one of them says; without
/// any segment the map is empty. A history that cannot be read leaves its timeline without an
/// origin, with a debug line. Throws Error{damaged} when no segment can be asked.
ArchiveMap map_archive(const std::vector<StoreInventory>& stores, const std::string& site,
                       const ArchiveKeys& keys, util::Log& log);

/// The timelines from which a server on this one reads, itself first.
std::vector<std::uint32_t> line_of(const ArchiveMap& archive, std::uint32_t timeline);

}  // namespace bkp::wal
