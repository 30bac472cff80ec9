#pragma once

#include <optional>
#include <vector>

#include "backup/copies.hpp"
#include "catalog/catalog.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// A good backup that a run could not write to a store.
struct MissingCopy {
  catalog::BackupRecord backup;
  run::NamedStore to;
};

/// What the catalog knows to be missing on these stores, the newest backup first. Copies that no
/// run tried to write are not missing: `bkp copy` makes them.
std::vector<MissingCopy> missing_copies(catalog::Catalog& catalog,
                                        const std::vector<run::NamedStore>& stores);

struct Backfill {
  std::vector<BroughtCopy> brought;
  std::vector<MissingCopy> left;
  std::optional<util::Error> interrupted;
};

/// Brings missing copies in their order. None is begun from `deadline` on, and no more on a store
/// that failed. What cannot be brought is a warning.
Backfill backfill(run::Context& context, const Layout& layout, std::vector<MissingCopy> missing,
                  util::Time deadline);

}  // namespace bkp::backup
