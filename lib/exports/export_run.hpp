#pragma once

#include <memory>
#include <optional>

#include "backup/full_backup.hpp"
#include "backup/layout.hpp"
#include "catalog/records.hpp"
#include "exports/contents.hpp"
#include "run/context.hpp"

namespace bkp::exports {

/// An export that was collected, and what is to be done with it.
struct CollectedExport {
  std::shared_ptr<const Contents> contents;
  std::optional<catalog::BackupRecord> same_as;  ///< the last export, which has the very same
};

/// What is told of an export outside the seal.
backup::ExportProperties properties_of(const Contents& contents);

/// Collects the configured sections, of which there is one at least. What they note, and where
/// something looks like a secret and nothing is sealed, are warnings. One whose failing sections
/// fail as they did before is the same too. Throws Error{interrupted}; Error{refused} for what is
/// too large; Error{not_found} for a store that is none; what asking for earlier exports throws.
/// `stores`: those it is to be written to; empty: all.
CollectedExport collect_export(run::Context& context, const std::vector<std::string>& stores);

/// A backup of type config for full_backup(): one part, config.tar (archive.hpp). Sections that
/// could not be collected are named in the manifest; where all could not there is no backup. Its
/// time is the moment the contents are of.
backup::ClusterBackup config_backup(run::Context& context, const backup::Layout& layout,
                                    const CollectedExport& collected);

}  // namespace bkp::exports
