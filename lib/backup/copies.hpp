#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  std::uint64_t bytes = 0;            ///< of the parts
  bool mended = false;                ///< the copy was there, and damaged
  std::vector<std::string> replaced;  ///< then: names of the objects
};

/// Brings a backup to `to`, which has it not, from the first other of `stores` whose copy proves
/// good on the way, sound ones first (copying.hpp), and notes it, see note_copy(). Where `to` has a
/// copy, as `backup` knows, it is mended: what is sound there stays. `keys` judge the
/// manifest's signature; nothing is opened. Throws Error{not_found} when none of the stores has a
/// copy, what was wrong with the last one, and TargetError.
BroughtCopy bring_copy(run::Context& context, const Layout& layout, catalog::BackupRecord& backup,
                       const std::vector<run::NamedStore>& stores, const run::NamedStore& to,
                       run::ReadingKeys keys);

/// Enters in `backup`, the catalog and its audit log a copy that is on store `to`, from where it
/// was brought there (empty: it was found). Where no required store's copy is failed any more, a
/// partial backup is completed. Throws Error{damaged} when there is none.
void note_copy(run::Context& context, const Layout& layout, catalog::BackupRecord& backup,
               const run::NamedStore& to, const std::string& from);

}  // namespace bkp::backup
