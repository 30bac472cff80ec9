#include "backup/source.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

constexpr auto other_copy_hint = "use the copy on another store (--store), or another backup";

}  // namespace

namespace {

std::vector<std::string> names_with(const run::Context& context,
                                    const catalog::BackupRecord& backup,
                                    const std::string& only_store) {
  std::vector<std::string> names;
  for (const auto& store : context.config.stores) {
    const bool wanted = only_store.empty() || store.name == only_store;
    if (wanted && backup.complete_copy_on(store.name) != nullptr) names.push_back(store.name);
  }
  if (!names.empty()) return names;
  // Opening by name reports a store that is not configured.
  if (!only_store.empty()) context.open_store(only_store);
  throw Error{
      ErrorKind::not_found,
      fmt::format("there is no complete copy of {} {}", util::quoted(backup.label),
                  only_store.empty() ? "on the stores configured here"
                                     : "on store " + util::quoted(only_store)),
      fmt::format("`bkp show {}` says where its copies are", util::shell_quoted(backup.label))};
}

}  // namespace

std::vector<run::NamedStore> stores_with(const run::Context& context,
                                         const run::OpenedStores& opened,
                                         const catalog::BackupRecord& backup,
                                         const std::string& only_store) {
  const auto names = names_with(context, backup, only_store);
  const auto is_named = [&](const auto& store) {
    return std::ranges::find(names, store.name) != names.end();
  };
  std::vector<run::NamedStore> stores;
  std::ranges::copy_if(opened.stores, std::back_inserter(stores), is_named);
  if (stores.empty()) throw std::ranges::find_if(opened.failures, is_named)->error;
  put_sound_first(backup, stores);
  return stores;
}

std::vector<run::NamedStore> stores_with(run::Context& context, const catalog::BackupRecord& backup,
                                         const std::string& only_store) {
  const auto opened = context.open_stores(names_with(context, backup, only_store));
  auto stores = stores_with(context, opened, backup, only_store);
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("store {} cannot be opened: {}", util::quoted(failure.name),
                             failure.error.message()));
  }
  return stores;
}

void put_sound_first(const catalog::BackupRecord& backup, std::vector<run::NamedStore>& stores) {
  std::stable_partition(stores.begin(), stores.end(), [&](const auto& store) {
    return !backup.complete_copy_on(store.name)->damaged();
  });
}

Source open_source(const run::NamedStore& store, const Layout& layout,
                   const catalog::BackupRecord& backup, const run::ReadingKeys& keys) {
  auto stored = read_backup(*store.store, layout, backup.label, &keys);
  if (!stored) {
    throw Error{ErrorKind::damaged,
                fmt::format("the manifest of {} is missing from store {}",
                            util::quoted(backup.label), util::quoted(store.name)),
                other_copy_hint};
  }
  const auto* copy = backup.complete_copy_on(store.name);
  const bool recorded = copy != nullptr && !copy->checksum_sha256.empty();
  if (recorded && copy->checksum_sha256 != stored->manifest_sha256) {
    throw Error{ErrorKind::damaged,
                fmt::format("the manifest of {} on store {} is not the one that was stored: its "
                            "SHA-256 is {}, the catalog says {}",
                            util::quoted(backup.label), util::quoted(store.name),
                            stored->manifest_sha256, copy->checksum_sha256),
                other_copy_hint};
  }
  Source source{store, layout, std::move(*stored)};
  if (source.manifest().sealed()) source.keys = keys.keyring();
  return source;
}

}  // namespace bkp::backup
