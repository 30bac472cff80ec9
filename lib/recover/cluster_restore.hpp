#pragma once

#include <chrono>
#include <cstdint>

#include "recover/cluster_chain.hpp"
#include "recover/cluster_place.hpp"
#include "run/context.hpp"

namespace bkp::recover {

struct RestoredCluster {
  std::uint64_t bytes = 0;
  std::uint64_t reused = 0;  ///< of these, that were there already
  std::uint64_t files = 0;
  std::chrono::duration<double> took{0};
};

/// Writes the files of a base backup, `jobs` parts at a time, each part from the first source whose
/// copy proves good. Of a chain the newest backup comes first, and then of each older one the pages
/// that are still missing, so that every page is written once. With `reuse` the place holds a copy
/// of the cluster (reused_directory.hpp): then only what differs is written. On success everything
/// is durable. Throws Error{damaged} when no source has a good copy of a part, or the chain lacks a
/// page; what was written then stays.
RestoredCluster restore_cluster(run::Context& context, const ClusterChain& chain,
                                const ClusterPlace& place, int jobs, bool reuse = false);

}  // namespace bkp::recover
