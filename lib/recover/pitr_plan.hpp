#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "pg/wal_event.hpp"
#include "recover/cluster_chain.hpp"
#include "recover/recovery_target.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"

namespace bkp::recover {

struct PitrRequest {
  RecoveryTarget target;
  std::string backup;  ///< as a user names it; empty: the newest from which the target is reached
  std::string store;   ///< read the backup there; empty: the first with a sound copy
};

/// A recovery that can be done, found before anything is written.
struct PitrPlan {
  RecoveryTarget target;
  catalog::BackupRecord backup;
  ClusterChain chain;          ///< it, with all it is built on
  std::uint32_t timeline = 0;  ///< that is followed
  std::string first_segment;   ///< of the WAL that is replayed
  std::string last_segment;    ///< that is needed for sure
  std::uint64_t segments = 0;
  std::uint64_t wal_bytes = 0;  ///< as stored, of these segments
  /// Behind the last segment the archive has a gap or is damaged: recovery must not ask for more.
  bool cut_off = false;
  /// The last transaction, or restore point, that is in the recovery, where the WAL says it.
  std::optional<pg::WalEvent> newest;
  /// Transactions in the archive that come after the target, as far as it was read and could be;
  /// nullopt where it was not read.
  std::optional<std::uint64_t> commits_after;

  const backup::Manifest& manifest() const { return chain.manifest(); }
};

/// Chooses backup and timeline, and makes sure that all WAL up to the target is there. Throws
/// Error{not_found} when there is no backup before the target, or when the archive ends before it,
/// and says what can be reached; Error{damaged} for a gap before it, naming the segments that are
/// missing; what a store failed with when no required one can be read.
PitrPlan plan_recovery(run::Context& context, const PitrRequest& request,
                       const run::ReadingKeys& keys);

}  // namespace bkp::recover
