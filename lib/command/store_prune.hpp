#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "retention/plan.hpp"
#include "retention/sweep.hpp"
#include "run/context.hpp"
#include "util/error.hpp"
#include "wal/retention.hpp"

namespace bkp::command {

/// What `prune` did, or would do, to one store.
struct StorePrune {
  std::string name;
  std::string url;
  config::RetentionPolicy policy;
  retention::Plan plan;  ///< as it turned out: what was spared is kept
  retention::Swept swept;
  std::vector<std::string> debris;      ///< labels of unfinished backups that were cleared away
  std::vector<std::string> unfinished;  ///< keys of uploads of dead writers, given up or to be
  std::vector<std::string> vanished;    ///< labels the catalog names here and the store has not
  std::size_t wal_files = 0;            ///< in its archive, before
  wal::WalPlan wal;                     ///< what went of it, or would go
  std::optional<catalog::StoreUsage> usage;
  std::optional<util::Error> error;
};

/// The catalog's part in it.
struct KnownBackups {
  std::optional<catalog::Catalog> catalog;  ///< absent when it is down
  std::vector<catalog::BackupRecord> backups;
};

/// Warns when the catalog is down.
KnownBackups ask_catalog(run::Context& context);

/// Plans for `store` by the policy of `result`, sweeps it, clears away debris, and measures what is
/// left; with context.dry_run only plans and measures. Copies the catalog names and the store has
/// lost are marked purged. `result` holds what was done so far when this throws: what the store
/// throws; Error{store} when it has no site.json or none of the backups it should hold.
void prune_store(run::Context& context, const run::NamedStore& store, KnownBackups& known,
                 StorePrune& result);

}  // namespace bkp::command
