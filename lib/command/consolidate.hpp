#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

struct ConsolidateOptions {
  static constexpr cli::CommandInfo info{"consolidate", "make a full backup of an incremental one"};
  std::string id = "latest";
  std::vector<std::string> stores;  ///< that it is written to; empty: all
  int jobs = 0;                     ///< 0: full.jobs
  ReadingKeyOptions keys;

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, ConsolidateOptions& options);
cli::Report run(const ConsolidateOptions& options, run::Context& context);

}  // namespace bkp::command
