#pragma once

#include <cstdint>
#include <string>

#include "backup/layout.hpp"
#include "catalog/records.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"

namespace bkp::backup {

/// A copy that was brought from one store to another.
struct BroughtCopy {
  std::string label;
  std::string from;  ///< names of stores
  std::string to;
  std::uint64_t bytes = 0;  ///< of the parts
};

/// Copies a backup, as it is stored, to `to`, which has no such backup, from the first other store
/// whose copy proves good on the way (only from `only_from` when that is not empty): parts, page,
/// marks and signature, the manifest last. Each part is held against the manifest and becomes an
/// object only when it is right. What an earlier attempt left on `to` is removed first. `keys`
/// judge the manifest's signature; nothing is opened. Then notes the copy, see note_copy(). Call
/// with the site's write lock held. Throws Error{damaged} when no copy is what was stored, and what
/// the stores throw; `to` then has no such backup.
BroughtCopy bring_copy(run::Context& context, const Layout& layout, catalog::BackupRecord& backup,
                       const run::NamedStore& to, run::ReadingKeys keys,
                       const std::string& only_from = "");

/// Notes in `backup`, the catalog and its audit log a copy that is on store `to`; where no required
/// store's copy is failed any more, a partial backup is completed.
void note_copy(run::Context& context, const Layout& layout, catalog::BackupRecord& backup,
               const run::NamedStore& to, const std::string& from);

}  // namespace bkp::backup
