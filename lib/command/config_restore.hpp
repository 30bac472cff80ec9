#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp config-restore [ID]`: makes rows and files again what they are in an export.
struct ConfigRestoreOptions {
  static constexpr cli::CommandInfo info{"config-restore",
                                         "bring the configuration back from an export"};
  std::string id = "latest";
  std::vector<std::string> sections;  ///< empty: all
  bool delete_extra = false;
  bool reveal = false;
  std::string yes;  ///< the site's name
  ReadingKeyOptions keys;
};

void define(CLI::App& app, ConfigRestoreOptions& options);
cli::Report run(const ConfigRestoreOptions& options, run::Context& context);

}  // namespace bkp::command
