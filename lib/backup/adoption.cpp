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

std::vector<std::string> adopt_complete_backups(run::Context& context, catalog::Catalog& catalog,
                                                const std::vector<run::NamedStore>& stores,
                                                const Layout& layout) {
  catalog::BackupFilter filter;
  filter.status = catalog::status::failed;
  const auto failed = catalog.backups(filter);
  if (failed.empty()) return {};
  std::set<std::string> present;
  for (const auto& store : stores) {
    for (auto& name : store.store->names(layout.backups())) present.insert(std::move(name));
  }
  std::vector<std::string> adopted;
  for (const auto& row : failed) {
    if (!present.contains(row.label)) continue;
    std::vector<catalog::BackupRecord> records;
    for (const auto& store : stores) {
      if (auto record = complete_record(store, layout, row.label)) {
        records.push_back(std::move(*record));
      }
    }
    for (auto& record : records) {
      if (records.size() < stores.size()) {
        record.status = catalog::status::partial;
        record.error_message = "a copy is missing: the run died before it was complete";
      }
      context.recorder.import_backup(record);
    }
    if (!records.empty()) adopted.push_back(row.label);
  }
  return adopted;
}

}  // namespace bkp::backup
