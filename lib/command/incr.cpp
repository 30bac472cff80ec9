#include "command/incr.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "command/backup_report.hpp"
#include "command/config_step.hpp"
#include "physical/base_backup.hpp"
#include "physical/parent.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/priority.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

physical::ChainLimit limit_of(const IncrOptions& options, const run::Context& context) {
  const auto& configured = context.config.incremental;
  physical::ChainLimit limit{configured.max_chain, configured.full_after};
  const auto& text = options.full_after;
  if (text.empty()) return limit;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    limit.age = util::parse_duration(text);
    if (limit.age.count() > 0) return limit;
  }
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), limit.incrementals);
  if (error != std::errc{} || limit.incrementals == 0) {
    throw Error{ErrorKind::usage,
                fmt::format("--full-after {} is no number of backups", util::quoted(text)),
                "write how many incremental backups may follow a full one, or its age: 7d"};
  }
  return {limit.incrementals, std::chrono::seconds{0}};
}

}  // namespace

void define(CLI::App& app, IncrOptions& options) {
  app.add_option("--full-after", options.full_after,
                 "take a full one instead after so many incremental ones, or when the last full "
                 "one is so old; default: incremental.full_after and incremental.max_chain")
      ->type_name("N|DURATION");
  app.add_option("--store", options.stores, "write to this store only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

cli::Report run(const IncrOptions& options, run::Context& context) {
  const auto limit = limit_of(options, context);
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) {
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "incr");
    util::lower_priority(context.config.limits.nice, context.config.limits.ionice);
  }
  const backup::Layout layout{context.config.site};
  backup::FullRequest request;
  request.dumps = false;
  request.stores = options.stores;
  auto choice = physical::choose_parent(context, limit, options.stores);
  if (choice.parent) {
    context.log.info("the backup is built on {}", choice.parent->record.label);
    request.of_cluster.push_back(
        physical::incremental_backup(context, layout, std::move(*choice.parent)));
  } else {
    request.of_cluster.push_back(physical::base_backup(context, layout));
  }
  ConfigStep config_step{context};
  if (context.config.full.config_export) config_step.add_to(request);
  auto report = report_of(context, backup::full_backup(context, request));
  config_step.tell(report);
  if (!choice.why_none.empty() && !choice.parent) {
    report.result["full_because"] = choice.why_none;
    report.text += fmt::format("a full backup: {}\n", choice.why_none);
  }
  return report;
}

}  // namespace bkp::command
