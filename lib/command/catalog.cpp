#include "command/catalog.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "catalog/migrate.hpp"
#include "command/catalog_text.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

namespace {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

cli::Report migrate(run::Context& context) {
  const auto& schema = context.config.catalog.schema;
  const auto outcome = catalog::migrate(context.catalog_conninfo(), schema, false, context.dry_run,
                                        context.interrupt);
  if (!context.dry_run && context.recorder.reconnect()) context.recorder.deliver_spool();
  cli::Report report;
  report.result = command::to_json(outcome, schema);
  report.text = command::to_text(outcome, schema, context.dry_run);
  return report;
}

// Oldest first: a parent is entered before what depends on it.
std::vector<backup::StoredBackup> backups_on(const run::NamedStore& named,
                                             const backup::Layout& layout,
                                             const run::ReadingKeys& keys,
                                             std::vector<std::string>& problems) {
  backup::require_site_file(*named.store, layout, "");
  auto found = backup::scan_store(*named.store, layout, problems, &keys);
  std::ranges::sort(found, {}, [](const auto& backup) { return backup.manifest.started_at; });
  return found;
}

void require_online(const run::Context& context) {
  if (context.recorder.online()) return;
  // Says what is wrong; a recorder only remembers that something is.
  context.open_catalog();
  throw Error{ErrorKind::database, "the connection to the catalog was lost",
              "run the command again: what was entered stays"};
}

/// nullopt for a dry run without a catalog.
std::optional<std::set<std::string>> labels_in_catalog(run::Context& context) {
  try {
    std::set<std::string> labels;
    for (const auto& backup : context.open_catalog().backups()) labels.insert(backup.label);
    return labels;
  } catch (const Error& error) {
    if (!context.dry_run || error.kind() != ErrorKind::database) throw;
    return std::nullopt;
  }
}

cli::Report rebuild(const CatalogOptions& options, run::Context& context) {
  const auto named = context.open_store(options.store);
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) {
    require_online(context);
    lock.emplace(context, run::LockName::read, run::LockMode::shared, "catalog rebuild");
  }
  const backup::Layout layout{context.config.site};
  std::vector<std::string> problems;
  const auto found = backups_on(named, layout, reading_keys(options.keys, context), problems);
  const auto before = labels_in_catalog(context);
  const auto known =
      before
          ? std::ranges::count_if(
                found, [&](const auto& backup) { return before->contains(backup.manifest.label); })
          : 0;
  const auto fresh = static_cast<std::ptrdiff_t>(found.size()) - known;
  auto labels = json::array();
  for (const auto& backup : found) {
    context.interrupt.check();
    labels.push_back(backup.manifest.label);
    if (context.dry_run) continue;
    context.recorder.import_backup(
        backup::to_record(backup, layout, named.name, named.store->url()));
    require_online(context);
  }
  for (const auto& problem : problems) context.warn(problem);
  cli::Report report;
  report.result = {{"store", named.name},
                   {"labels", std::move(labels)},
                   {"new", before ? json(fresh) : json(nullptr)},
                   {"known", before ? json(known) : json(nullptr)},
                   {"problems", problems},
                   {"dry_run", context.dry_run}};
  report.text =
      fmt::format("{} {} backup{} of store {}", context.dry_run ? "would enter" : "entered",
                  found.size(), found.size() == 1 ? "" : "s", util::quoted(named.name));
  if (before) report.text += fmt::format(": {} new, {} known already", fresh, known);
  report.text += '\n';
  if (!problems.empty()) {
    report.error =
        Error{ErrorKind::damaged,
              fmt::format("{} on store {} could not be read: {}",
                          problems.size() == 1 ? "one backup" : "some backups",
                          util::quoted(named.name), problems.front()),
              "the others are entered; try another store with --store, or, where a signature is "
              "at fault, --ignore-signature"};
  }
  return report;
}

template <class Records>
json list_of(const Records& records) {
  auto list = json::array();
  for (const auto& record : records) list.push_back(catalog::to_json(record));
  return list;
}

cli::Report export_all(run::Context& context) {
  auto catalog = context.open_catalog();
  catalog::BackupFilter everything;
  everything.include_purged = true;
  cli::Report report;
  report.result = {{"schema_version", catalog::newest_version()},
                   {"site", context.config.site},
                   {"backups", list_of(catalog.backups(everything))},
                   {"verifications", list_of(catalog.verifications())},
                   {"runs", list_of(catalog.runs(std::numeric_limits<int>::max()))}};
  report.text = report.result.dump(1) + "\n";
  report.text_is_document = true;
  return report;
}

}  // namespace

void define(CLI::App& app, CatalogOptions& options) {
  app.add_option("action", options.action, "migrate, rebuild or export")
      ->required()
      ->check(CLI::IsMember({"migrate", "rebuild", "export"}))
      ->type_name("ACTION");
  app.add_option("--store", options.store, "rebuild: the store to read")->type_name("NAME");
  define_signatures(app, options.keys);
}

cli::Report run(const CatalogOptions& options, run::Context& context) {
  const bool is_rebuild = options.action == "rebuild";
  if (is_rebuild && options.store.empty()) {
    throw Error{ErrorKind::usage, "catalog rebuild needs --store NAME",
                "name one of the stores of the configuration; repeat it for each"};
  }
  if (!is_rebuild && !options.store.empty()) {
    throw Error{ErrorKind::usage,
                fmt::format("--store means nothing to catalog {}", options.action),
                "leave it out; it is for `bkp catalog rebuild`"};
  }
  if (is_rebuild) return rebuild(options, context);
  return options.action == "migrate" ? migrate(context) : export_all(context);
}

}  // namespace bkp::command
