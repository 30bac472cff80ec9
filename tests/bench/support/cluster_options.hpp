#pragma once

#include "support/cluster.hpp"

namespace bkp::bench {

/// Of a cluster that is large and quiet enough to be measured with.
test::ClusterOptions cluster_options();

}  // namespace bkp::bench
