#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "retention/plan.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp prune [--store NAME]… [--policy POLICY]`: applies each store's retention policy, or this
/// one, to it.
struct PruneOptions {
  static constexpr cli::CommandInfo info{
      .name = "prune", .summary = "remove the backups that the retention policies no longer keep"};
  std::vector<std::string> stores;  ///< empty: all
  std::string policy = {};          ///< in place of the stores' own; empty: these

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, PruneOptions& options);

/// Takes the write and the read lock of the site, except in a dry run. What is there is read from
/// each store; the catalog, when it can be reached, adds failed and running backups, parents, and
/// holds and verifications that a store has not heard of. A store that fails does not stop the
/// others: Error{partial} in the report, or the first store's own error when all failed.
///
/// Result: `plan` [{label, store, action, reasons, backup_type, method, database_name, started_at,
/// size_bytes}], `stores` [{store, url, policy, kept, removed, bytes_freed, debris, vanished,
/// usage, error}], `bytes_freed`, `dry_run`.
cli::Report run(const PruneOptions& options, run::Context& context);

/// The plan of one store for people, at most `width` columns wide (0 = as wide as it gets).
std::string plan_text(const retention::Plan& plan, util::Time now, std::size_t width);

}  // namespace bkp::command
