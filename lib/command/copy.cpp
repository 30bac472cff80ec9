#include "command/copy.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backup/copying.hpp"
#include "backup/selection.hpp"
#include "backup/site_file.hpp"
#include "recover/source.hpp"
#include "run/lock.hpp"
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

/// Oldest first: a parent is there before what is built on it.
std::vector<BackupRecord> choose(const CopyOptions& options, run::Context& context,
                                 const run::NamedStore& to) {
  catalog::BackupFilter filter;
  if (!options.database.empty()) filter.database = options.database;
  auto backups = backup::list_backups(context, filter);
  if (!options.id.empty()) return {backup::select_backup(backups, options.id)};
  const auto there = labels_on(to, backup::Layout{context.config.site});
  std::erase_if(backups, [&](const auto& backup) {
    const bool elsewhere = std::ranges::any_of(backup.copies, [&](const auto& copy) {
      return copy.store != options.to && copy.state == catalog::status::completed;
    });
    return !backup.good() || there.contains(backup.label) || !elsewhere ||
           (!options.from.empty() && backup.complete_copy_on(options.from) == nullptr);
  });
  std::ranges::reverse(backups);
  return backups;
}

/// From the first store whose copy proves good on the way. Returns that store's name.
std::string copy_one(const CopyOptions& options, run::Context& context, const BackupRecord& backup,
                     const run::NamedStore& to, std::uint64_t& bytes) {
  const backup::Layout layout{context.config.site};
  if (to.store->stat(layout.manifest(backup.label))) {
    throw Error{
        ErrorKind::refused,
        fmt::format("store {} has {} already", util::quoted(to.name), util::quoted(backup.label)),
        "`bkp catalog rebuild --store NAME` tells a catalog that does not know"};
  }
  auto sources = recover::stores_with(context, backup, options.from);
  std::erase_if(sources, [&](const auto& source) { return source.name == to.name; });
  auto keys = reading_keys(options.keys, context);
  // Nothing is opened: what is sealed is copied as it is.
  keys.identity_files.clear();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    try {
      backup::require_site_file(*sources[i].store, layout, "");
      const auto source = recover::open_source(sources[i], layout, backup, keys);
      bytes += backup::copy_backup(context, layout, source.backup, *sources[i].store, *to.store);
      return sources[i].name;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged || i + 1 == sources.size()) throw;
      context.warn(fmt::format("trying the copy on store {}: {}", util::quoted(sources[i + 1].name),
                               error.full_message()));
    }
  }
  throw Error{ErrorKind::not_found,
              fmt::format("no other store has {}", util::quoted(backup.label)),
              "`bkp show` names the stores it is on"};
}

void record(run::Context& context, const BackupRecord& backup, const run::NamedStore& to,
            const std::string& from) {
  const backup::Layout layout{context.config.site};
  if (const auto stored = backup::read_backup(*to.store, layout, backup.label))
    context.recorder.import_backup(backup::to_record(*stored, layout, to.name, to.store->url()));
  context.recorder.audit({.action = "copy",
                          .subject = backup.label,
                          .details = {{"from", from}, {"to", to.name}},
                          .at = context.clock.now()});
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
                 "backup that the store has not");
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
  const auto to = context.open_store(options.to);
  backup::require_site_file(*to.store, backup::Layout{context.config.site}, "");
  const auto backups = choose(options, context, to);
  cli::Report report;
  report.result = {{"copied", json::array()}, {"dry_run", context.dry_run}};
  report.text_of_failures.emplace();
  std::vector<Error> failures;
  for (const auto& backup : backups) {
    const auto label = util::printable(backup.label);
    if (context.dry_run) {
      report.text += fmt::format("would copy {} to store {}\n", label, to.name);
      continue;
    }
    try {
      const auto from = copy_one(options, context, backup, to, report.bytes);
      record(context, backup, to, from);
      report.result["copied"].push_back({{"label", backup.label}, {"from", from}, {"to", to.name}});
      report.text += fmt::format("copied {} from store {} to store {}, {}\n", label, from, to.name,
                                 util::format_size(util::byte_count(backup.size_bytes)));
    } catch (Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      error.add_context("copying " + label);
      const auto text = fmt::format("not copied: {}\n", error.full_message());
      report.text += text;
      *report.text_of_failures += text;
      failures.push_back(error);
    }
  }
  if (backups.empty())
    report.text = fmt::format("store {} has every good backup already\n", to.name);
  report.error = overall_error(failures, backups.size());
  return report;
}

}  // namespace bkp::command
