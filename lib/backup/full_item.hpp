#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backup/copies.hpp"
#include "backup/manifest.hpp"
#include "backup/outcome.hpp"
#include "catalog/records.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// What became of one database, of the cluster, or of the configuration.
struct FullItem {
  catalog::BackupRecord record;  ///< as in the catalog
  std::optional<util::Error>
      error;  ///< why there is no backup, or (kind partial) which copy is missing
  /// What is wrong with what was backed up: told when all else is well.
  std::optional<util::Error> flaw = {};
  util::Duration took{0};
  std::vector<std::string> left_behind =
      {};  ///< stores the dump went on without: they were too slow
};

/// That sections of the configuration are missing; nullopt where none is.
std::optional<util::Error> error_of_failed_sections(const ExportProperties& config);

/// Enters what a backup came to: a copy that is missing on a required store makes the backup
/// partial, every other missing copy is a warning. `closed` are the stores that could not be
/// opened.
void complete(run::Context& context, FullItem& item, const Outcome& outcome,
              const std::vector<run::StoreFailure>& closed);

/// Brings to the stores that were left behind their copies, notes them in the item and the catalog,
/// and adds them to `brought`. A store that fails is added to `failed`; what cannot be brought, for
/// one there is too, is a warning. An interrupt is the item's error.
void catch_up(run::Context& context, const Layout& layout, FullItem& item,
              const std::vector<run::NamedStore>& stores, std::set<std::string>& failed,
              std::vector<BroughtCopy>& brought);

}  // namespace bkp::backup
