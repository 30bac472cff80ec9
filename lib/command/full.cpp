#include "command/full.hpp"

#include <algorithm>

#include "backup/full_backup.hpp"
#include "command/backup_report.hpp"
#include "command/config_step.hpp"
#include "physical/base_backup.hpp"
#include "run/lock.hpp"
#include "util/priority.hpp"

namespace bkp::command {

namespace {

backup::FullRequest request_of(const FullOptions& options, run::Context& context,
                               const backup::Layout& layout) {
  const auto& configured = context.config.full.method;
  const auto wants = [&](std::string_view method) {
    if (options.method.empty()) return std::ranges::find(configured, method) != configured.end();
    return options.method == method || options.method == "all";
  };
  backup::FullRequest request;
  request.dumps = wants("dump");
  request.databases = options.databases;
  request.stores = options.stores;
  if (wants("base") && options.databases.empty())
    request.of_cluster.push_back(physical::base_backup(context, layout));
  if (!options.databases.empty() && (options.method == "base" || options.method == "all")) {
    throw util::Error{util::ErrorKind::usage, "--db names a database, and a base backup has all",
                      "leave it out, or take a dump: --method dump"};
  }
  return request;
}

}  // namespace

void define(CLI::App& app, FullOptions& options) {
  app.add_option("--method", options.method, "dump of each database, base of the cluster, or all")
      ->check(CLI::IsMember({"dump", "base", "all"}))
      ->type_name("METHOD");
  app.add_option("--db", options.databases,
                 "back up this database only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--store", options.stores, "write to this store only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

cli::Report run(const FullOptions& options, run::Context& context) {
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) {
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "full");
    util::lower_priority(context.config.limits.nice, context.config.limits.ionice);
  }
  auto request = request_of(options, context, backup::Layout{context.config.site});
  ConfigStep config_step{context};
  if (context.config.full.config_export) config_step.add_to(request);
  auto report = report_of(context, backup::full_backup(context, request));
  config_step.tell(report);
  return report;
}

}  // namespace bkp::command
