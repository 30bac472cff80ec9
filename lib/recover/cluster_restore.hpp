#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "backup/source.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// Where a cluster is restored to.
struct ClusterPlace {
  std::filesystem::path data;                      ///< the new data directory
  std::map<std::string, std::string> tablespaces;  ///< where they were → where they go
};

struct RestoredCluster {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::chrono::duration<double> took{0};
};

/// Throws Error{refused} unless everything that will be written to is empty or not there: the data
/// directory, and a place for each tablespace; and there is room for the cluster where it will
/// stand. Names what is not so, and a server that runs there.
void require_free(const ClusterPlace& place, const backup::Manifest& manifest);

/// Writes the files of a base backup, `jobs` parts at a time, each part from the first source whose
/// copy proves good. On success everything is durable. Throws Error{damaged} when no source has a
/// good copy of a part; what was written then stays.
RestoredCluster restore_cluster(run::Context& context, const std::vector<backup::Source>& sources,
                                const ClusterPlace& place, int jobs);

}  // namespace bkp::recover
