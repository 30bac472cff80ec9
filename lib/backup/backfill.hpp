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

/// What the catalog knows to be missing on stores of `to` and another of `stores` has, the newest
/// backup first. Copies that no run tried to write are not missing: `bkp copy` makes them.
std::vector<MissingCopy> missing_copies(catalog::Catalog& catalog,
                                        const std::vector<run::NamedStore>& stores,
                                        const std::vector<run::NamedStore>& to);

struct Backfill {
  std::vector<BroughtCopy> brought;
  std::vector<MissingCopy> left;
  std::optional<util::Error> interrupted;
};

/// Brings missing copies from one of `stores`, in their order. At least one is begun, and none any
/// more from `deadline` on, nor on a store that failed. What cannot be brought, or must wait, is a
/// warning.
Backfill backfill(run::Context& context, const Layout& layout,
                  const std::vector<run::NamedStore>& stores, std::vector<MissingCopy> missing,
                  util::Time deadline);

}  // namespace bkp::backup
