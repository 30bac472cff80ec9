#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/debris.hpp"
#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "backup/marks.hpp"
#include "backup/parts.hpp"
#include "backup/selection.hpp"
#include "catalog/records.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"

namespace bkp::backup {

/// A backup of the site as a store tells it: it has a manifest.
struct StoredBackup {
  Manifest manifest;
  std::string manifest_sha256;
  std::string manifest_md5;
  MarkState marks;
};

/// Reads every manifest (and mark) below SITE/backups. A damaged one is reported in `problems`, not
/// thrown; one with damaged marks is a backup all the same. With `keys` the signatures are checked.
std::vector<StoredBackup> scan_store(store::Store& store, const Layout& layout,
                                     std::vector<std::string>& problems,
                                     const run::ReadingKeys* keys = nullptr);

/// Reads one. nullopt when there is no manifest; Error{damaged} when it is no good; with `keys` its
/// signature is checked (signature.hpp).
std::optional<StoredBackup> read_backup(store::Store& store, const Layout& layout,
                                        const std::string& label,
                                        const run::ReadingKeys* keys = nullptr);

/// The columns that a physical backup, or a config export, has beyond others.
void note_properties(catalog::BackupRecord& record, const Manifest& manifest);

/// As a catalog row with a copy on `store_name`, damaged where the marks say so.
catalog::BackupRecord to_record(const StoredBackup& backup, const Layout& layout,
                                const std::string& store_name, const std::string& store_url);

/// Takes over what another place knows of the same backup beyond it: the later end of a hold, the
/// newer verification.
void take_over_marks(catalog::BackupRecord& record, const catalog::BackupRecord& other);

/// As the catalog judges: when every complete copy failed its last check, after the backup's last
/// verification, the backup failed too. For records that to_record() made, once all copies are in.
void doubt_if_no_copy_is_sound(catalog::BackupRecord& record);

/// Lists backups, newest first: from the catalog, or, when that cannot be reached, from all stores
/// that hold the site (with a warning). Copies of one label on several stores become one record,
/// with the marks of all of them. Throws the first failure, Error{store} for one without a
/// site.json, when no store can be read.
std::vector<catalog::BackupRecord> list_backups(run::Context& context,
                                                const catalog::BackupFilter& filter);

}  // namespace bkp::backup
