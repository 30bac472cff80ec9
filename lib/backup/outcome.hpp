#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "backup/part_writer.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// What became of one backup.
struct Outcome {
  std::optional<Manifest> manifest;  ///< on at least one store
  std::string manifest_md5;
  std::string manifest_sha256;
  std::vector<Target> targets;       ///< with their failures
  std::optional<util::Error> error;  ///< why there is no backup at all
  std::vector<std::string> warnings;
};

}  // namespace bkp::backup
