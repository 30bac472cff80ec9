#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp status`: see bkp-status(1).
struct StatusOptions {
  static constexpr cli::CommandInfo info{.name = "status",
                                         .summary = "how the site's backups are, the worst first"};
  std::string prometheus;  ///< a file, "-" for stdout; empty: for people
  bool check = false;      ///< as a monitoring plugin

  /// Asked often, and changes nothing.
  static bool recorded() { return false; }
  /// What is red is told; of its own errors a plugin's reader hears.
  cli::Watch watch() const { return check ? cli::Watch::no : cli::Watch::by_command; }
  /// A plugin that cannot tell says so.
  void assume(const std::vector<std::string>& arguments);
  int exit_code_of(const util::Error& error) const;
  std::string text_of_error(const util::Error& error) const;
};

void define(CLI::App& app, StatusOptions& options);

cli::Report run(const StatusOptions& options, run::Context& context);

}  // namespace bkp::command
