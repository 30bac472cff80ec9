#pragma once

#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/repository.hpp"
#include "catalog/records.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"

namespace bkp::backup {

/// A backup, opened on one of its stores.
struct Source {
  run::NamedStore store;
  Layout layout;
  StoredBackup backup;
  seal::Keyring keys = {};  ///< what opens it; empty where it is not sealed

  const Manifest& manifest() const { return backup.manifest; }
};

/// The stores that should hold a complete copy of the backup and can be opened, in the
/// configuration's order, those whose copy failed its last check after all others; only
/// `only_store` when that is not empty. Stores that cannot be opened are warnings. Throws
/// Error{store} when none can, Error{not_found} when none should.
std::vector<run::NamedStore> stores_with(run::Context& context, const catalog::BackupRecord& backup,
                                         const std::string& only_store);

/// The same of stores that are open: for many backups, so that one that is away is not waited for
/// again and again.
std::vector<run::NamedStore> stores_with(const run::Context& context,
                                         const run::OpenedStores& opened,
                                         const catalog::BackupRecord& backup,
                                         const std::string& only_store);

/// Those whose copy failed its last check after all others, which keep their order. All of `stores`
/// have a complete copy.
void put_sound_first(const catalog::BackupRecord& backup, std::vector<run::NamedStore>& stores);

/// Reads the manifest there and holds it against its signature and what the catalog recorded for
/// that copy. Throws Error{damaged} when it is missing, no good, not signed as it must be, or not
/// the one that was stored; Error{key} when the backup is sealed and an identity file cannot be
/// read.
Source open_source(const run::NamedStore& store, const Layout& layout,
                   const catalog::BackupRecord& backup, const run::ReadingKeys& keys);

}  // namespace bkp::backup
