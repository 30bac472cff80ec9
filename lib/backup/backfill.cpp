#include "backup/backfill.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "run/keys.hpp"
#include "util/advice.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

/// A run can have failed after the store had taken the manifest, without having heard of it.
bool is_there(run::Context& context, const Layout& layout, MissingCopy& copy,
              const run::ReadingKeys& keys) {
  const auto stored = read_backup(*copy.to.store, layout, copy.backup.label, &keys);
  if (!stored) return false;
  if (stored->manifest_sha256 != copy.backup.checksum_sha256) {
    throw Error{ErrorKind::damaged,
                fmt::format("{} there is another backup of that name", copy.backup.label),
                "find out what writes to that store, and remove it there"};
  }
  note_copy(context, layout, copy.backup, copy.to, copy.to.name);
  return true;
}

}  // namespace

std::vector<MissingCopy> missing_copies(catalog::Catalog& catalog,
                                        const std::vector<run::NamedStore>& stores) {
  std::vector<MissingCopy> missing;
  for (const auto& store : stores) {
    catalog::BackupFilter filter;
    filter.copy_failed_on = store.name;
    for (auto& backup : catalog.backups(filter)) {
      if (backup.good()) missing.push_back({std::move(backup), store});
    }
  }
  std::ranges::stable_sort(missing, std::greater{},
                           [](const auto& copy) { return copy.backup.started_at; });
  return missing;
}

Backfill backfill(run::Context& context, const Layout& layout, std::vector<MissingCopy> missing,
                  util::Time deadline) {
  Backfill result;
  const auto keys = run::reading_keys(context.config);
  std::set<std::string> failed;
  for (auto& copy : missing) {
    if (result.interrupted || failed.contains(copy.to.name) || context.clock.now() >= deadline) {
      result.left.push_back(std::move(copy));
      continue;
    }
    try {
      if (!is_there(context, layout, copy, keys))
        result.brought.push_back(bring_copy(context, layout, copy.backup, copy.to, keys));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        result.interrupted = error;
      } else {
        context.warn(fmt::format("store {} still has no copy of {}: {}", util::quoted(copy.to.name),
                                 util::printable(copy.backup.label), util::with_hint(error)));
      }
      if (error.kind() == ErrorKind::store) failed.insert(copy.to.name);
      result.left.push_back(std::move(copy));
    }
  }
  return result;
}

}  // namespace bkp::backup
