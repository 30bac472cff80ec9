#pragma once

#include <vector>

#include "catalog/records.hpp"

namespace bkp::backup {

/// Whether nothing is known against a backup and all that it is built on, among `all`: each is
/// good, its last verification did not fail, and it has a copy against which nothing is known.
bool is_chain_sound(const catalog::BackupRecord& backup,
                    const std::vector<catalog::BackupRecord>& all);

}  // namespace bkp::backup
