#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp config-export`: what the configuration's sections name becomes a backup of type config,
/// unless it is what the last one has.
struct ConfigExportOptions {
  static constexpr cli::CommandInfo info{"config-export", "export the configuration of the site"};
  std::vector<std::string> stores;  ///< empty: all

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, ConfigExportOptions& options);
/// Throws Error{config} where no section is configured.
cli::Report run(const ConfigExportOptions& options, run::Context& context);

}  // namespace bkp::command
