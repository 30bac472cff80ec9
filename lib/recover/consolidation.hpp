#pragma once

#include "backup/full_backup.hpp"
#include "backup/layout.hpp"
#include "recover/cluster_chain.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// A full backup of what an incremental one describes, made of its chain: restored into scratch
/// space and packed anew, without a look at the server. It stands for the same moment and needs the
/// same WAL. The next incremental backup can be built on it where it could on the other. The chain
/// must outlive it.
backup::ClusterBackup consolidation(run::Context& context, const backup::Layout& layout,
                                    const ClusterChain& chain, int jobs);

}  // namespace bkp::recover
