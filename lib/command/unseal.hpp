#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp unseal < SEALED > PLAIN`: see bkp-unseal(1).
struct UnsealOptions {
  static constexpr cli::CommandInfo info{"unseal", "open an age file, from stdin to stdout",
                                         cli::ConfigNeed::optional};
  std::vector<std::string> identity_files;
  std::string passphrase_file;
  /// For the bad day: nothing around it has to work.
  bool recorded() const { return false; }
};

void define(CLI::App& app, UnsealOptions& options);

/// What was written to stdout when this throws is a beginning of what was sealed.
cli::Report run(const UnsealOptions& options, run::Context& context);

}  // namespace bkp::command
