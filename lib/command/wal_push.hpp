#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp wal-push PATH`: see bkp-wal-push(1).
struct WalPushOptions {
  static constexpr cli::CommandInfo info{"wal-push",
                                         "archive a file of the server's WAL (archive_command)",
                                         cli::ConfigNeed::unconnected};
  std::string path;
  bool ahead = false;

  /// The server starts it for each segment: a row each would bury all others, and its own log has
  /// the failures.
  static bool recorded() { return false; }
  cli::Watch watch() const { return ahead ? cli::Watch::no : cli::Watch::by_command; }
};

void define(CLI::App& app, WalPushOptions& options);

cli::Report run(const WalPushOptions& options, run::Context& context);

}  // namespace bkp::command
