#pragma once

#include "backup/source.hpp"
#include "run/context.hpp"
#include "verify/verification.hpp"

namespace bkp::verify {

/// Restores a base backup into scratch space, starts a server on it, lets it recover to a random
/// point between the end of the backup and that of the archive, and looks at it: page checksums,
/// every table and B-tree (amcheck, where it is installed), the user's assertions.
/// Then all of it is removed. A backup that cannot be restored or recovered, or fails a check, is a
/// result; what says nothing about it throws.
void verify_cluster(run::Context& context, const backup::Source& source, int jobs,
                    Verification& result);

}  // namespace bkp::verify
