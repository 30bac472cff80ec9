#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp wal-setup`: see bkp-wal-setup(1).
struct WalSetupOptions {
  static constexpr cli::CommandInfo info{"wal-setup",
                                         "let the server archive its WAL, and prove that it does"};
  std::string yes;  ///< the site's name, in place of typing it
};

void define(CLI::App& app, WalSetupOptions& options);

cli::Report run(const WalSetupOptions& options, run::Context& context);

}  // namespace bkp::command
