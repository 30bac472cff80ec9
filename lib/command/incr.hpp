#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

struct IncrOptions {
  static constexpr cli::CommandInfo info{"incr", "take an incremental backup of the cluster"};
  std::string full_after;           ///< a number or a duration; empty: as configured
  std::vector<std::string> stores;  ///< empty: all

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, IncrOptions& options);
cli::Report run(const IncrOptions& options, run::Context& context);

}  // namespace bkp::command
