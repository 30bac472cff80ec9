#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "backup/manifest.hpp"
#include "pg/lsn.hpp"
#include "physical/backup_manifest.hpp"
#include "physical/cluster_files.hpp"
#include "physical/tar.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// How the files of a cluster are read.
struct ReadingRules {
  std::filesystem::path data;       ///< the data directory
  bool page_checksums = false;      ///< pages have checksums: verify them
  pg::Lsn start;                    ///< pages that are younger are written again by recovery
  std::uint32_t segment_pages = 0;  ///< of a relation's file
};

/// Copies one file into the tar, as long as it is when it is opened: what is cut off meanwhile is
/// made up for by zeroes, what is added is left out; recovery mends both. A page whose checksum
/// does not match is read again, since the server may be writing it; when it never matches it is
/// added to `bad_pages` and copied as it is. nullopt when the file has vanished. Throws
/// Error{store} when it cannot be read.
std::optional<ManifestFile> copy_file(const run::Context& context, const ReadingRules& rules,
                                      const ClusterFile& file, TarWriter& tar,
                                      std::vector<backup::BadPage>& bad_pages);

}  // namespace bkp::physical
