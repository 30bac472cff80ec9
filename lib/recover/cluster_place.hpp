#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backup/manifest.hpp"
#include "recover/cluster_chain.hpp"

namespace bkp::recover {

/// Where a cluster is restored to.
struct ClusterPlace {
  std::filesystem::path data;                      ///< the new data directory
  std::map<std::string, std::string> tablespaces;  ///< where they were → where they go

  std::filesystem::path of(const backup::Tablespace& tablespace) const;
};

bool is_empty_or_absent(const std::filesystem::path& path);

/// "pg_tblspc/16400": what stands there is a link.
bool is_tablespace(std::string_view path);

/// A tablespace_map for the server, which makes the links anew by it; empty without tablespaces.
/// Source: src/backend/access/transam/xlogrecovery.c (read_tablespace_map).
std::string tablespace_map(const std::vector<backup::Tablespace>& tablespaces);

/// Throws Error{refused} unless everything that will be written to is empty or not there: the data
/// directory, and a place for each tablespace; and there is room for the cluster where it will
/// stand. Names what is not so, and a server that runs there.
void require_free(const ClusterPlace& place, const ClusterChain& chain);

}  // namespace bkp::recover
