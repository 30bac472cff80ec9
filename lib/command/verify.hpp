#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

struct VerifyOptions {
  static constexpr cli::CommandInfo info{"verify", "prove that backups are good"};
  std::string id;  ///< empty: the newest good backup of each database
  std::string level = "restore";
  bool all = false;
  std::string junit;  ///< a file; empty: none
  std::string store;  ///< empty: restore from the first that has it, re-read on all
  std::string database;
  std::string type;
  int jobs = 0;  ///< 0: verify.jobs of the configuration
  ReadingKeyOptions keys = {};

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, VerifyOptions& options);
cli::Report run(const VerifyOptions& options, run::Context& context);

}  // namespace bkp::command
