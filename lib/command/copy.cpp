#include "command/copy.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backup/chain.hpp"
#include "backup/copies.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "command/backup_json.hpp"
#include "command/backup_text.hpp"
#include "run/lock.hpp"
#include "util/advice.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

/// The store is asked, not the catalog: a new disk in the place of a lost one is empty.
std::set<std::string> labels_on(const run::NamedStore& store, const backup::Layout& layout) {
  std::set<std::string> labels;
  for (auto& name : store.store->names(layout.backups())) {
    if (store.store->stat(layout.manifest(name))) labels.insert(std::move(name));
  }
  return labels;
}

bool is_damaged(const BackupRecord& backup, const std::string& store) {
  const auto* copy = backup.copy_on(store);
  return copy != nullptr && copy->damaged();
}

/// One backup, behind those it is built on that the store has not.
std::vector<BackupRecord> with_what_it_is_built_on(const BackupRecord& backup,
                                                   const run::NamedStore& to,
                                                   run::Context& context) {
  if (!backup.parent_label) return {backup};
  const auto there = labels_on(to, backup::Layout{context.config.site});
  // Of all databases: those it is built on are of none.
  const auto all = backup::list_backups(context, {});
  std::vector<BackupRecord> chain;
  for (const auto* one : backup::chain_of(backup, all)) {
    if (chain.empty() || !there.contains(one->label)) chain.push_back(*one);
  }
  std::ranges::reverse(chain);
  return chain;
}

/// Oldest first: a parent is there before what is built on it.
std::vector<BackupRecord> choose(const CopyOptions& options, run::Context& context,
                                 const run::NamedStore& to) {
  catalog::BackupFilter filter;
  if (!options.database.empty()) filter.database = options.database;
  auto backups = backup::list_backups(context, filter);
  if (!options.id.empty())
    return with_what_it_is_built_on(backup::select_backup(backups, options.id), to, context);
  const auto there = labels_on(to, backup::Layout{context.config.site});
  std::erase_if(backups, [&](const auto& backup) {
    const bool elsewhere = std::ranges::any_of(backup.copies, [&](const auto& copy) {
      return copy.store != options.to && copy.state == catalog::status::completed;
    });
    const bool sound = there.contains(backup.label) && !is_damaged(backup, options.to);
    return !backup.good() || sound || !elsewhere ||
           (!options.from.empty() && backup.complete_copy_on(options.from) == nullptr);
  });
  std::ranges::reverse(backups);
  return backups;
}

std::vector<run::NamedStore> open_sources(const CopyOptions& options, run::Context& context) {
  if (!options.from.empty()) return {context.open_store(options.from)};
  auto opened = context.open_stores();
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("store {} cannot be opened: {}", util::quoted(failure.name),
                             util::with_hint(failure.error)));
  }
  return std::move(opened.stores);
}

void require_need(const backup::Layout& layout, const BackupRecord& backup,
                  const run::NamedStore& to) {
  if (is_damaged(backup, to.name) || !to.store->stat(layout.manifest(backup.label))) return;
  throw Error{
      ErrorKind::refused,
      fmt::format("store {} has {} already", util::quoted(to.name), util::quoted(backup.label)),
      fmt::format(
          "`bkp verify {} --level checksum --store {}` says whether that copy is damaged, "
          "and then it can be mended; `bkp catalog rebuild --store {}` tells a catalog that "
          "does not know of it",
          util::shell_quoted(backup.label), util::shell_quoted(to.name),
          util::shell_quoted(to.name))};
}

std::optional<Error> overall_error(const std::vector<Error>& failures, std::size_t all) {
  if (failures.empty()) return std::nullopt;
  if (all == 1) return failures.front();
  return Error{ErrorKind::partial,
               fmt::format("{} of {} backups could not be copied; the first: {}", failures.size(),
                           all, failures.front().full_message()),
               failures.front().hint()};
}

}  // namespace

void define(CLI::App& app, CopyOptions& options) {
  app.add_option("ID", options.id,
                 "latest, latest~2, a catalog id, a label or its beginning; without it every good "
                 "backup that the store has not, or has damaged");
  app.add_option("--to", options.to, "the store that gets the copy")->required()->type_name("NAME");
  app.add_option("--from", options.from, "the store to read; default: the first with a good copy")
      ->type_name("NAME");
  app.add_option("--db", options.database, "backups of this database only")->type_name("NAME");
  define_signatures(app, options.keys);
}

cli::Report run(const CopyOptions& options, run::Context& context) {
  if (options.from == options.to) {
    throw Error{ErrorKind::usage, "--from and --to name the same store",
                "name two stores of the configuration"};
  }
  std::optional<run::SiteLock> lock;
  if (!context.dry_run)
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "copy");
  const backup::Layout layout{context.config.site};
  const auto to = context.open_store(options.to);
  backup::require_site_file(*to.store, layout, "");
  auto backups = choose(options, context, to);
  const auto sources = open_sources(options, context);
  cli::Report report;
  report.result = {{"copied", json::array()}, {"dry_run", context.dry_run}};
  report.text_of_failures.emplace();
  std::vector<Error> failures;
  for (auto& backup : backups) {
    const auto label = util::printable(backup.label);
    if (context.dry_run) {
      const bool mends = backup::is_to_be_mended(layout, backup, to);
      report.text += fmt::format("would {} {} {} store {}\n", mends ? "mend" : "copy", label,
                                 mends ? "on" : "to", to.name);
      continue;
    }
    try {
      require_need(layout, backup, to);
      const auto copy = backup::bring_copy(context, layout, backup, sources, to,
                                           reading_keys(options.keys, context));
      report.bytes += copy.bytes;
      report.result["copied"].push_back(copied_json(copy));
      report.text += copied_text(copy);
    } catch (Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      error.add_context("copying " + label);
      failures.push_back(error);
      if (backups.size() == 1) continue;  // The report's error says it.
      const auto text = fmt::format("not copied: {}\n", error.full_message());
      report.text += text;
      *report.text_of_failures += text;
    }
  }
  if (backups.empty())
    report.text = fmt::format("store {} has every good backup already\n", to.name);
  report.error = overall_error(failures, backups.size());
  return report;
}

}  // namespace bkp::command
