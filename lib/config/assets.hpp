#pragma once

#include <filesystem>
#include <string>

namespace bkp::config {

/// Files that a database of the site knows by their checksums.
struct AssetSection {
  std::string name;  ///< a-z, 0-9, "_" and "-"
  std::string database;
  std::string sql;             ///< a query that reads: columns `path`, `sha256`, and `id` if wanted
  std::filesystem::path root;  ///< absolute; what `path` is relative to
  double nightly = 1.0;        ///< share of the files whose contents one run reads
  int line = 0;                ///< in the file, for messages
  bool operator==(const AssetSection&) const = default;
};

}  // namespace bkp::config
