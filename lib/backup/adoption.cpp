#include "backup/adoption.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "backup/repository.hpp"
#include "util/error.hpp"

namespace bkp::backup {

namespace {

std::optional<catalog::BackupRecord> complete_record(const run::NamedStore& store,
                                                     const Layout& layout,
                                                     const std::string& label) {
  try {
    const auto stored = read_backup(*store.store, layout, label);
    if (!stored) return std::nullopt;
    return to_record(*stored, layout, store.name, store.store->url());
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::damaged) throw;
    return std::nullopt;
  }
}

}  // namespace

std::vector<catalog::BackupRecord> complete_records(const run::OpenedStores& stores,
                                                    const Layout& layout,
                                                    const std::string& label) {
  bool partial = std::ranges::any_of(stores.failures, &run::StoreFailure::required);
  std::vector<catalog::BackupRecord> records;
  for (const auto& store : stores.stores) {
    if (auto record = complete_record(store, layout, label)) {
      records.push_back(std::move(*record));
    } else {
      partial = partial || store.required;
    }
  }
  if (!partial) return records;
  for (auto& record : records) {
    record.status = catalog::status::partial;
    record.error_message = "a copy is missing: the run died before it was complete";
  }
  return records;
}

std::vector<std::string> adopt_complete_backups(run::Context& context, catalog::Catalog& catalog,
                                                const run::OpenedStores& stores,
                                                const Layout& layout) {
  catalog::BackupFilter filter;
  filter.status = catalog::status::failed;
  const auto failed = catalog.backups(filter);
  if (failed.empty()) return {};
  std::set<std::string> present;
  for (const auto& store : stores.stores) {
    for (auto& name : store.store->names(layout.backups())) present.insert(std::move(name));
  }
  std::vector<std::string> adopted;
  for (const auto& row : failed) {
    if (!present.contains(row.label)) continue;
    const auto records = complete_records(stores, layout, row.label);
    for (const auto& record : records) context.recorder.import_backup(record);
    if (!records.empty()) adopted.push_back(row.label);
  }
  return adopted;
}

}  // namespace bkp::backup
