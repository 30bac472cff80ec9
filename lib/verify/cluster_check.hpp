#pragma once

#include <string>

#include "catalog/records.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"
#include "verify/verification.hpp"

namespace bkp::verify {

/// Restores the copy on `store` of a physical backup, with what it is built on, into scratch space,
/// starts a server on it, lets it recover to a random point between the end of the backup and that
/// of the archive, and looks at it: page checksums, every table and B-tree (amcheck, where it is
/// installed), the user's assertions. Then all of it is removed. A backup that cannot be restored
/// or recovered, or fails a check, is a result; what says nothing about it throws.
void verify_cluster(run::Context& context, const catalog::BackupRecord& backup,
                    const std::string& store, const run::ReadingKeys& keys, int jobs,
                    Verification& result);

}  // namespace bkp::verify
