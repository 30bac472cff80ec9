#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp runbook`: see bkp-runbook(1).
struct RunbookOptions {
  static constexpr cli::CommandInfo info{
      .name = "runbook", .summary = "write the recovery runbook of this site as one HTML file"};
  std::string out;  ///< a file, "-" for stdout; empty: renew it on the stores and at runbook.path

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, RunbookOptions& options);
cli::Report run(const RunbookOptions& options, run::Context& context);

}  // namespace bkp::command
