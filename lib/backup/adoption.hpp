#pragma once

#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "catalog/catalog.hpp"
#include "run/context.hpp"

namespace bkp::backup {

/// The backup `label` as each store that holds all of it tells. All are `partial` when a required
/// store is without it, or could not be opened and so cannot tell; a missing optional copy makes no
/// difference. A damaged manifest is none. Throws what stores throw.
std::vector<catalog::BackupRecord> complete_records(const run::OpenedStores& stores,
                                                    const Layout& layout, const std::string& label);

/// A run that dies after the manifest and before the catalog was told leaves a backup that exists
/// and a row that says it failed. The store is the truth: enters these as complete_records() tells
/// and returns their labels. Throws what stores and catalog throw.
std::vector<std::string> adopt_complete_backups(run::Context& context, catalog::Catalog& catalog,
                                                const run::OpenedStores& stores,
                                                const Layout& layout);

}  // namespace bkp::backup
