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

std::vector<const BackupRecord*> chain_of(const BackupRecord& backup,
                                          const std::vector<BackupRecord>& all) {
  std::vector<const BackupRecord*> chain{&backup};
  while (const auto& parent = chain.back()->parent_label) {
    const auto above = std::ranges::find(all, *parent, &BackupRecord::label);
    // More than there are: a circle.
    if (above == all.end() || chain.size() > all.size()) break;
    chain.push_back(&*above);
  }
  return chain;
}

bool is_chain_sound(const BackupRecord& backup, const std::vector<BackupRecord>& all) {
  const auto chain = chain_of(backup, all);
  // A catalog that was rebuilt knows of an incremental backup without that below it.
  return chain.back()->backup_type != "incremental" &&
         std::ranges::all_of(chain, [](const auto* one) { return is_sound(*one); });
}

}  // namespace bkp::backup
