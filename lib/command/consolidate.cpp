#include "command/consolidate.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/wal_need.hpp"
#include "command/backup_report.hpp"
#include "recover/cluster_chain.hpp"
#include "recover/consolidation.hpp"
#include "recover/scratch_cluster.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/priority.hpp"
#include "util/text.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

/// "latest" is the newest of the cluster, whatever was dumped since.
BackupRecord choose(const std::string& id, std::vector<BackupRecord> backups) {
  std::erase_if(backups, [](const auto& backup) { return !backup::wal_need(backup); });
  const auto& chosen = backup::select_backup(backups, id);
  const auto same = std::ranges::find_if(backups, [&](const auto& other) {
    return !other.parent_label && backup::wal_need(other) == backup::wal_need(chosen);
  });
  if (same == backups.end()) return chosen;
  throw Error{ErrorKind::refused,
              chosen.parent_label
                  ? fmt::format("a full backup was made of {} already: {}",
                                util::quoted(chosen.label), same->label)
                  : fmt::format("{} is a full backup already", util::quoted(chosen.label)),
              "`bkp list --type incremental` shows those that are not"};
}

}  // namespace

void define(CLI::App& app, ConsolidateOptions& options) {
  app.add_option("ID", options.id,
                 "latest (of the cluster), latest~2, a catalog id, a label or its beginning");
  app.add_option("--store", options.stores, "write to this store only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--jobs", options.jobs, "parts at once; default: full.jobs")
      ->check(CLI::Range(1, 64))
      ->type_name("N");
  define(app, options.keys);
}

cli::Report run(const ConsolidateOptions& options, run::Context& context) {
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) {
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "consolidate");
    util::lower_priority(context.config.limits.nice, context.config.limits.ionice);
    recover::ScratchPlace::clear_leftovers(context);
  }
  const auto backups = backup::list_backups(context, {});
  const auto chain = recover::open_chain(context, choose(options.id, backups), backups, {},
                                         reading_keys(options.keys, context));
  chain.require_keys();
  const backup::Layout layout{context.config.site};
  const int jobs = options.jobs > 0 ? options.jobs : context.config.full.jobs;
  backup::FullRequest request;
  request.dumps = false;
  request.stores = options.stores;
  request.server = {chain.manifest().server_version, chain.manifest().system_identifier};
  request.of_cluster.push_back(recover::consolidation(context, layout, chain, jobs));
  auto report = report_of(context, backup::full_backup(context, request));
  report.result["consolidated"] = chain.manifest().label;
  return report;
}

}  // namespace bkp::command
