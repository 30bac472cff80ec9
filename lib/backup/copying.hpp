#pragma once

#include "backup/repository.hpp"
#include "run/context.hpp"

namespace bkp::backup {

/// Copies a backup from one store to another, as it is stored: parts, page, marks and signature,
/// the manifest last. Each part is held against the manifest on its way, and becomes an object only
/// when it is right. What an earlier attempt left on `to`, which has no manifest of it, is removed
/// first. Call with the site's write lock held. Throws Error{damaged} when the copy on `from` is
/// not what was stored, and what the stores throw; `to` then has no such backup.
void copy_backup(run::Context& context, const Layout& layout, const StoredBackup& backup,
                 store::Store& from, store::Store& to);

}  // namespace bkp::backup
