#pragma once

#include <vector>

#include "catalog/records.hpp"

namespace bkp::backup {

/// A backup and, one behind the other, those it is built on, down to the full one or as far as they
/// are known; they stay where they are, in `all`.
std::vector<const catalog::BackupRecord*> chain_of(const catalog::BackupRecord& backup,
                                                   const std::vector<catalog::BackupRecord>& all);

/// Whether nothing is known against a backup and all that it is built on, among `all`: each is
/// good, its last verification did not fail, and it has a copy against which nothing is known.
bool is_chain_sound(const catalog::BackupRecord& backup,
                    const std::vector<catalog::BackupRecord>& all);

}  // namespace bkp::backup
