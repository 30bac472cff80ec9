#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp notify ACTION`: see bkp-notify(1).
struct NotifyOptions {
  static constexpr cli::CommandInfo info{.name = "notify",
                                         .summary = "try, look at and send notifications"};
  std::string action;
  std::vector<std::string> operands;  ///< channels, or subjects
  std::string since = "24h";          ///< of a summary
  bool all = false;                   ///< problems to forget

  bool recorded() const { return action != "list" && action != "deliver"; }
};

void define(CLI::App& app, NotifyOptions& options);

cli::Report run(const NotifyOptions& options, run::Context& context);

}  // namespace bkp::command
