#include "backup/backfill.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "backup/copying.hpp"
#include "backup/repository.hpp"
#include "run/keys.hpp"
#include "util/advice.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

/// A run can have failed after the store had taken the manifest, without having heard of it.
bool is_found(run::Context& context, const Layout& layout, MissingCopy& copy,
              const run::ReadingKeys& keys) {
  const auto stored = read_backup(*copy.to.store, layout, copy.backup.label, &keys);
  if (!stored) return false;
  if (stored->manifest_sha256 != copy.backup.checksum_sha256) {
    throw Error{ErrorKind::damaged, "there is another backup of that name",
                "find out what writes to that store, and remove it there"};
  }
  note_copy(context, layout, copy.backup, copy.to);
  return true;
}

bool has_source(const MissingCopy& copy, const std::vector<run::NamedStore>& stores) {
  return std::ranges::any_of(stores, [&](const auto& store) {
    return store.name != copy.to.name && copy.backup.complete_copy_on(store.name) != nullptr;
  });
}

void warn_of_missing(run::Context& context, const MissingCopy& copy, const Error& error) {
  context.warn(fmt::format("store {} still has no copy of {}: {}", util::quoted(copy.to.name),
                           util::printable(copy.backup.label), util::with_hint(error)));
}

}  // namespace

std::vector<MissingCopy> missing_copies(catalog::Catalog& catalog,
                                        const std::vector<run::NamedStore>& stores,
                                        const std::vector<run::NamedStore>& to) {
  std::vector<MissingCopy> missing;
  for (const auto& store : to) {
    catalog::BackupFilter filter;
    filter.copy_failed_on = store.name;
    for (auto& backup : catalog.backups(filter)) {
      MissingCopy copy{std::move(backup), store};
      if (copy.backup.good() && has_source(copy, stores)) missing.push_back(std::move(copy));
    }
  }
  std::ranges::stable_sort(missing, std::greater{},
                           [](const auto& copy) { return copy.backup.started_at; });
  return missing;
}

Backfill backfill(run::Context& context, const Layout& layout,
                  const std::vector<run::NamedStore>& stores, std::vector<MissingCopy> missing,
                  util::Time deadline) {
  Backfill result;
  if (missing.empty()) return result;
  const auto keys = run::reading_keys(context.config);
  std::set<std::string> failed;
  std::size_t waiting = 0;
  bool begun = false;
  for (auto& copy : missing) {
    if (result.interrupted || failed.contains(copy.to.name)) {
      result.left.push_back(std::move(copy));
      continue;
    }
    if (begun && context.clock.now() >= deadline) {
      ++waiting;
      result.left.push_back(std::move(copy));
      continue;
    }
    begun = true;
    try {
      context.interrupt.check();
      if (!is_found(context, layout, copy, keys))
        result.brought.push_back(bring_copy(context, layout, copy.backup, stores, copy.to, keys));
      continue;
    } catch (const TargetError& error) {
      failed.insert(copy.to.name);
      warn_of_missing(context, copy, error);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        result.interrupted = error;
      } else {
        warn_of_missing(context, copy, error);
      }
    }
    result.left.push_back(std::move(copy));
  }
  if (waiting > 0) {
    context.warn(fmt::format(
        "{} cop{} of earlier backups wait{} for the next run: the backup window is over; `bkp copy "
        "--to {}` brings what is missing there now",
        waiting, waiting == 1 ? "y" : "ies", waiting == 1 ? "s" : "",
        util::shell_quoted(result.left.back().to.name)));
  }
  return result;
}

}  // namespace bkp::backup
