#pragma once

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

struct CheckOptions {
  static constexpr cli::CommandInfo info{.name = "check",
                                         .summary = "examine the installation and say what to fix",
                                         .diagnoses = true};
  bool explain = false;  ///< show the effective settings instead

  /// Explaining reads the configuration and nothing else.
  bool recorded() const { return !explain; }

  cli::Watch watch() const { return explain ? cli::Watch::no : cli::Watch::by_subject; }
};

/// Also lets the shared option --config stand without a file: that means --explain.
void define(CLI::App& app, CheckOptions& options);

/// Every topic of check/topics.hpp. The report's error is the most urgent finding's; warnings alone
/// leave the run good.
cli::Report run(const CheckOptions& options, run::Context& context);

}  // namespace bkp::command
