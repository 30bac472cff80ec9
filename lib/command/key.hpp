#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp key generate [--out FILE] [--signing] | show [--identity FILE]`: see bkp-key(1).
struct KeyOptions {
  static constexpr cli::CommandInfo info{"key", "make keys, and show their public halves",
                                         cli::ConfigNeed::optional};
  std::string action;
  std::string out;
  bool signing = false;
  std::vector<std::string> identity_files;
};

void define(CLI::App& app, KeyOptions& options);

/// Throws Error{refused} rather than to overwrite a file.
cli::Report run(const KeyOptions& options, run::Context& context);

}  // namespace bkp::command
