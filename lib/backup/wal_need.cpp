#include "backup/wal_need.hpp"

namespace bkp::backup {

std::optional<WalNeed> wal_need(const catalog::BackupRecord& backup) {
  if (!backup.good() || !backup.start_lsn || !backup.stop_lsn || !backup.timeline)
    return std::nullopt;
  const auto start = pg::parse_lsn(*backup.start_lsn);
  const auto stop = pg::parse_lsn(*backup.stop_lsn);
  if (!start || !stop || stop->value == 0) return std::nullopt;
  return WalNeed{static_cast<std::uint32_t>(*backup.timeline), *start, *stop};
}

}  // namespace bkp::backup
