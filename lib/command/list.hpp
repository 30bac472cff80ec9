#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "catalog/catalog.hpp"
#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp list`: the backups there are, newest first. Text options as typed; empty = no such filter.
struct ListOptions {
  static constexpr cli::CommandInfo info{.name = "list", .summary = "list backups, newest first"};
  std::string type;
  std::string database;
  std::string since;     ///< a time, or a duration ago
  std::string until;     ///< likewise
  std::string status;    ///< a name of job_statuses; `purged` ones show with that only
  std::string verified;  ///< "yes" or "no"
};

void define(CLI::App& app, ListOptions& options);
cli::Report run(const ListOptions& options, run::Context& context);

/// What the options ask for at `now`. Throws Error{usage} for an empty span.
catalog::BackupFilter filter_of(const ListOptions& options, util::Time now);

/// The table for people, at most `width` columns wide (0 = as wide as it gets), and the sum below
/// it.
std::string list_text(const std::vector<catalog::BackupRecord>& newest_first, util::Time now,
                      std::size_t width);

}  // namespace bkp::command
