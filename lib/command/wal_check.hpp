#pragma once

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp wal-check`: see bkp-wal-check(1).
struct WalCheckOptions {
  static constexpr cli::CommandInfo info{"wal-check",
                                         "find gaps, damage and lag in the archive of the WAL"};
  std::string level = "content";
  bool mend = false;

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, WalCheckOptions& options);

cli::Report run(const WalCheckOptions& options, run::Context& context);

}  // namespace bkp::command
