#pragma once

#include <string>
#include <vector>

#include "backup/repository.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// The store that was to get a copy failed, not the one that has it.
class TargetError : public util::Error {
 public:
  explicit TargetError(const util::Error& error) : Error{error} {}
};

/// Carries a backup's objects from one store to another, as they are: parts, page, marks and
/// signature, the manifest last. Each part is held against the manifest on its way, at limits.rate,
/// and becomes an object only when it is right. What an earlier attempt left on `to`, which has no
/// manifest of it, is removed first. Call with the site's write lock held. Throws Error{damaged}
/// when what is on `from` is not what was stored, TargetError for what `to` throws, and what `from`
/// throws; `to` then has no such backup.
void copy_objects(run::Context& context, const Layout& layout, const StoredBackup& backup,
                  store::Store& from, store::Store& to);

/// Whether `to` has objects of the backup that are worth to be kept, not remains of one that was to
/// go. Throws TargetError.
bool can_be_mended(const Layout& layout, const std::string& label, store::Store& to);

/// Makes a copy on `to` that is damaged what it was, from a good one on `from`: parts and signature
/// that are missing or not what was stored are replaced, the manifest last, missing marks and a
/// missing page are added, and what is sound there stays. A part goes only when the one that takes
/// its place was proven, since the other copy may be damaged too; the new one is read again. Where
/// something was replaced, every part has been read by then, and a mark says that the copy is
/// intact. Returns the names of what was replaced. Throws as copy_objects(); what was replaced
/// before stays so, and a part that was damaged can be missing then.
std::vector<std::string> mend_objects(run::Context& context, const Layout& layout,
                                      const StoredBackup& backup, store::Store& from,
                                      store::Store& to);

}  // namespace bkp::backup
