#pragma once

#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "store/store.hpp"

namespace bkp::backup {

/// Removes, for a holder of the write lock: objects of labels without a manifest, and unfinished
/// uploads. Returns the labels that were debris.
std::vector<std::string> remove_debris(store::Store& store, const Layout& layout);

}  // namespace bkp::backup
