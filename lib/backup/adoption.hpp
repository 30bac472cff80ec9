#pragma once

#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "catalog/catalog.hpp"
#include "run/context.hpp"

namespace bkp::backup {

/// A run that dies after the manifest and before the catalog was told leaves a backup that exists
/// and a row that says it failed. The store is the truth: enters these as complete, or as `partial`
/// where one of `stores` has no manifest, and returns their labels. Throws what stores and catalog
/// throw; a damaged manifest is left alone.
std::vector<std::string> adopt_complete_backups(run::Context& context, catalog::Catalog& catalog,
                                                const std::vector<run::NamedStore>& stores,
                                                const Layout& layout);

}  // namespace bkp::backup
