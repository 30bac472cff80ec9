#include "command/config_export.hpp"

#include "command/backup_report.hpp"
#include "command/config_step.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/priority.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

void define(CLI::App& app, ConfigExportOptions& options) {
  app.add_option("--store", options.stores, "write to this store only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

cli::Report run(const ConfigExportOptions& options, run::Context& context) {
  if (context.config.export_sections.empty()) {
    throw Error{ErrorKind::config, "nothing is to be exported: there is no section",
                "name some in `config_export.sections`; bkp.yaml(5) shows how"};
  }
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) {
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "config-export");
    util::lower_priority(context.config.limits.nice, context.config.limits.ionice);
  }
  backup::FullRequest request;
  request.dumps = false;
  request.stores = options.stores;
  ConfigStep step{context};
  step.add_to(request);
  cli::Report report;
  if (!request.of_cluster.empty())
    report = report_of(context, backup::full_backup(context, request));
  step.tell(report);
  return report;
}

}  // namespace bkp::command
