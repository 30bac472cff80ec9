#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp assets-check`: see bkp-assets-check(1).
struct AssetsCheckOptions {
  static constexpr cli::CommandInfo info{"assets-check",
                                         "compare files with the checksums a database has of them"};
  std::vector<std::string> names;  ///< of `assets` in the configuration; empty: all
  bool all = false;
  std::string share;    ///< "25%"; empty: what the configuration says
  bool faults = false;  ///< only tell what is known
  bool null = false;    ///< of these end each path with a byte 0

  bool recorded() const { return !faults; }
  cli::Watch watch() const { return faults ? cli::Watch::no : cli::Watch::by_subject; }
};

void define(CLI::App& app, AssetsCheckOptions& options);
/// Throws Error{usage} for a share that is none, Error{not_found} for a name that is not
/// configured.
cli::Report run(const AssetsCheckOptions& options, run::Context& context);

}  // namespace bkp::command
