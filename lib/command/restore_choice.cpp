#include "command/restore_choice.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "recover/restore.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

Error no_backup_of(const std::vector<BackupRecord>& all, const RestoreOptions& options) {
  std::set<std::string> names;
  for (const auto& backup : all) {
    if (backup.good() && backup.database_name) names.insert(util::quoted(*backup.database_name));
  }
  return {ErrorKind::not_found,
          fmt::format("there is no backup of database {}", util::quoted(options.database)),
          names.empty() ? "there are no backups at all; check the store and the site's name"
                        : fmt::format("there are backups of {}", fmt::join(names, ", "))};
}

/// All names are looked for among the database's own backups first; `latest` among the good ones.
BackupRecord select(const std::vector<BackupRecord>& all, const RestoreOptions& options) {
  const bool latest = options.id.starts_with("latest");
  std::vector<BackupRecord> own;
  for (const auto& backup : all) {
    if (backup.database_name == options.database && (!latest || backup.good()))
      own.push_back(backup);
  }
  if (latest && own.empty()) throw no_backup_of(all, options);
  const bool named = latest || std::ranges::any_of(own, [&](const auto& backup) {
                       return backup::answers_to(backup, options.id);
                     });
  const auto& record = backup::select_backup(named ? own : all, options.id);
  if (!record.database_name) {
    throw Error{ErrorKind::refused,
                fmt::format("{} is a backup of the whole cluster", util::quoted(record.label)),
                "`bkp pitr-restore` recovers the cluster from it; `bkp restore` needs a dump"};
  }
  if (record.database_name != options.database) {
    throw Error{
        ErrorKind::not_found,
        fmt::format("{} is a backup of {}, not of database {}", util::quoted(record.label),
                    util::quoted(*record.database_name), util::quoted(options.database)),
        fmt::format("`bkp list --db {}` shows its backups", util::shell_quoted(options.database))};
  }
  if (!record.good() || record.method != "dump") {
    throw Error{
        ErrorKind::refused,
        fmt::format("{} cannot be restored: it is a {} by method {} and its status is {}",
                    util::quoted(record.label), record.backup_type, record.method, record.status),
        "choose a completed dump; `bkp list` shows them"};
  }
  return record;
}

std::optional<BackupRecord> better_than(const std::vector<BackupRecord>& all,
                                        const BackupRecord& record) {
  const auto* better = recover::better_backup(all, record);
  return better == nullptr ? std::nullopt : std::optional{*better};
}

RestoreChoice find_by_url(const RestoreOptions& options, run::Context& context) {
  const auto& from = options.from;
  std::shared_ptr<store::Store> store =
      context.open_place(described_store(from), store::OpenMode::existing);
  const backup::Layout layout{from.site};
  std::vector<std::string> problems;
  std::vector<BackupRecord> records;
  for (const auto& stored : backup::scan_store(*store, layout, problems)) {
    auto& record =
        records.emplace_back(backup::to_record(stored, layout, from.store, store->url()));
    backup::doubt_if_no_copy_is_sound(record);
  }
  for (const auto& problem : problems) context.warn(problem);
  // What is wrong with a manifest that was asked for by name is the error, not that it is missing.
  if (backup::is_label(options.id) &&
      std::ranges::find(records, options.id, &BackupRecord::label) == records.end()) {
    backup::read_backup(*store, layout, options.id);
  }
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a.started_at > b.started_at; });
  auto record = select(records, options);
  auto better = better_than(records, record);
  return {std::move(record), std::move(better), layout, {{from.store, true, std::move(store)}}};
}

}  // namespace

RestoreChoice find_backup(const RestoreOptions& options, run::Context& context) {
  if (options.from.is_url()) return find_by_url(options, context);
  catalog::BackupFilter filter;
  filter.backup_type = "full";
  const auto all = backup::list_backups(context, filter);
  auto record = select(all, options);
  auto stores = backup::stores_with(context, record, options.from.store);
  auto better = better_than(all, record);
  return {std::move(record), std::move(better), backup::Layout{context.config.site},
          std::move(stores)};
}

backup::Source open_first_good(run::Context& context, const RestoreChoice& found,
                               const run::ReadingKeys& keys) {
  for (std::size_t i = 0;; ++i) {
    try {
      backup::require_site_file(*found.stores.at(i).store, found.layout, "");
      auto source = backup::open_source(found.stores.at(i), found.layout, found.record, keys);
      for (const auto& problem : source.backup.marks.unreadable)
        context.warn(problem + "; what it said of this backup is not known");
      return source;
    } catch (const Error& error) {
      const bool other_copy = i + 1 < found.stores.size();
      const bool of_this_copy =
          error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::store;
      if (!other_copy || !of_this_copy) throw;
      context.warn(fmt::format("trying the copy on store {}: {}",
                               util::quoted(found.stores[i + 1].name), error.full_message()));
    }
  }
}

}  // namespace bkp::command
