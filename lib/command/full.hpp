#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

struct FullOptions {
  static constexpr cli::CommandInfo info{"full", "take a full backup of the databases"};
  std::string method;                  ///< empty: as configured
  std::vector<std::string> databases;  ///< empty: as configured
  std::vector<std::string> stores;     ///< empty: all

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, FullOptions& options);
cli::Report run(const FullOptions& options, run::Context& context);

}  // namespace bkp::command
