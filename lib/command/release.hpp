#pragma once

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/choice.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp release ID`: ends a hold, on every store and in the catalog. A backup that is not held
/// stays as it is.
struct ReleaseOptions {
  static constexpr cli::CommandInfo info{.name = "release", .summary = "end the hold of a backup"};
  BackupChoice backup;
};

void define(CLI::App& app, ReleaseOptions& options);
/// Errors as for hold.
cli::Report run(const ReleaseOptions& options, run::Context& context);

}  // namespace bkp::command
