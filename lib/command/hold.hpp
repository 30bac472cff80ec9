#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/choice.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp hold ID --reason TEXT [--until DATE]`: keeps a backup from being pruned, until then or
/// until it is released. Written beside the backup on every store that has it, and to the catalog.
struct HoldOptions {
  static constexpr cli::CommandInfo info{.name = "hold",
                                         .summary = "keep a backup from being pruned"};
  BackupChoice backup;
  std::string reason;
  std::string until;  ///< a time, or a duration from now; empty: until released
};

void define(CLI::App& app, HoldOptions& options);
/// Throws Error{not_found} for an unknown backup or when no store that answers has it; a store that
/// fails leaves Error{partial} in the report.
cli::Report run(const HoldOptions& options, run::Context& context);

}  // namespace bkp::command
