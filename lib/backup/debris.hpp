#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "store/store.hpp"

namespace bkp::backup {

/// Removes, for a holder of the write lock: objects of labels without a manifest, and unfinished
/// uploads. Returns the labels that were debris.
std::vector<std::string> remove_debris(store::Store& store, const Layout& layout);

/// What remove_backup() took away, also what it had taken before it threw.
struct RemovedObjects {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

/// Removes every object of a backup, its manifest first: from then on it is debris, whatever stops
/// the rest. Adds to `removed`. Throws what the store throws.
void remove_backup(store::Store& store, const Layout& layout, const std::string& label,
                   RemovedObjects& removed);

}  // namespace bkp::backup
