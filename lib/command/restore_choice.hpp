#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/source.hpp"
#include "catalog/records.hpp"
#include "command/restore.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// What to restore and where from: the stores of the configuration, or the one given by its URL,
/// which needs neither configuration nor catalog.
struct RestoreChoice {
  catalog::BackupRecord record;
  std::optional<catalog::BackupRecord>
      better;  ///< of the same database, to be named when this is doubted
  backup::Layout layout;
  std::vector<run::NamedStore> stores;
};

/// The backup that the options name, of their database. Throws Error{not_found} when there is none,
/// Error{refused} when it is none that can be restored, Error{usage} for a URL or site that is
/// none.
RestoreChoice find_backup(const RestoreOptions& options, run::Context& context);

/// The first copy whose manifest is good.
backup::Source open_first_good(run::Context& context, const RestoreChoice& found,
                               const run::ReadingKeys& keys);

}  // namespace bkp::command
