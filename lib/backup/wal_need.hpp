#pragma once

#include <cstdint>
#include <optional>

#include "catalog/records.hpp"
#include "pg/lsn.hpp"

namespace bkp::backup {

/// The WAL without which a physical backup is none: from the one to the other.
struct WalNeed {
  std::uint32_t timeline = 0;
  pg::Lsn start;
  pg::Lsn stop;
  bool operator==(const WalNeed&) const = default;
};

/// nullopt for what is no good physical backup.
std::optional<WalNeed> wal_need(const catalog::BackupRecord& backup);

}  // namespace bkp::backup
