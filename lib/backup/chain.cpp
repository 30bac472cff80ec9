#include "backup/chain.hpp"

#include <algorithm>

namespace bkp::backup {

using catalog::BackupRecord;

namespace {

bool is_sound(const BackupRecord& backup) {
  return backup.good() && !backup.failed_verification() &&
         std::ranges::any_of(backup.copies, &catalog::CopyRecord::sound);
}

}  // namespace

bool is_chain_sound(const BackupRecord& backup, const std::vector<BackupRecord>& all) {
  const auto* at = &backup;
  // More steps than there are backups: a circle.
  for (std::size_t steps = 0; steps <= all.size(); ++steps) {
    if (!is_sound(*at)) return false;
    if (!at->parent_label) return true;
    const auto above = std::ranges::find(all, *at->parent_label, &BackupRecord::label);
    if (above == all.end()) return false;
    at = &*above;
  }
  return false;
}

}  // namespace bkp::backup
