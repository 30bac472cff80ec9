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
  std::uint64_t bytes = 0;            ///< of the parts that were written
  bool mended = false;                ///< the copy was there, and damaged
  std::vector<std::string> replaced;  ///< then: names of the objects
};

/// Whether `to` should have a complete copy, as `backup` knows, and has something of it left.
bool is_to_be_mended(const Layout& layout, const catalog::BackupRecord& backup,
                     const run::NamedStore& to);

/// Brings a backup to `to`, which has it not or is to be mended (copying.hpp), from the first other
/// of `stores` whose copy proves good on the way, sound ones first. Notes it as note_copy() does.
/// `keys` judge the manifest's signature; nothing is opened. Throws Error{not_found} when none of
/// the stores has a copy, what was wrong with the last one, and TargetError.
BroughtCopy bring_copy(run::Context& context, const Layout& layout, catalog::BackupRecord& backup,
                       const std::vector<run::NamedStore>& stores, const run::NamedStore& to,
                       run::ReadingKeys keys);

/// Enters in `backup`, the catalog and its audit log a copy that was found on store `to`. Where no
/// required store's copy is failed any more, a partial backup is completed. Throws Error{damaged}
/// when there is none.
void note_copy(run::Context& context, const Layout& layout, catalog::BackupRecord& backup,
               const run::NamedStore& to);

}  // namespace bkp::backup
