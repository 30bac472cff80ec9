#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "util/clock.hpp"
#include "util/interrupt.hpp"

namespace bkp::physical {

/// A regular file of the cluster.
struct ClusterFile {
  std::string path;         ///< below the data directory: "pg_tblspc/16400/PG_15_202209061/5/1259"
  std::uint64_t bytes = 0;  ///< when it was looked at
  unsigned mode = 0600;
  util::Time modified;
};

struct ClusterDirectory {
  std::string path;
  unsigned mode = 0700;
};

/// Everything in a data directory that belongs into a base backup, by data_file.hpp's rules.
struct ClusterFiles {
  std::vector<ClusterDirectory> directories;  ///< parents before what is in them
  std::vector<ClusterFile> files;             ///< global/pg_control is not among them
  std::vector<backup::Tablespace> tablespaces;
};

/// Walks the directory of a running server: what vanishes meanwhile is not in the result. Of
/// unlogged relations only the init fork is. Throws Error{store} for what cannot be read, Error
/// {refused} for a link that is none to a tablespace or to pg_wal.
ClusterFiles list_cluster(const std::filesystem::path& data, const util::Interrupt& interrupt);

}  // namespace bkp::physical
