#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"
#include "wal/archive_key.hpp"

namespace bkp::wal {

/// One archived file as it lies in a store.
struct ArchivedFile {
  ArchivedName name;
  std::uint64_t stored_bytes = 0;
  util::Time modified;
};

/// What one store has of the archive, by the names of its objects.
struct Inventory {
  /// By what the server calls them. Where a file is there sealed and unsealed, one of them.
  std::map<std::string, ArchivedFile> files;
  std::vector<std::string> strange;  ///< keys of objects that do not belong there
};

Inventory read_inventory(store::Store& store, const std::string& site);

/// How the file is stored there; nullopt when it is not.
std::optional<ArchivedName> find_archived(store::Store& store, const std::string& site,
                                          const std::string& name);

}  // namespace bkp::wal
