#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp config-diff [A [B]]`: what is different between two exports, or an export and what is there
/// now.
struct ConfigDiffOptions {
  static constexpr cli::CommandInfo info{"config-diff", "compare two exports of the configuration"};
  std::string before = "latest";
  std::string after = "now";
  bool reveal = false;
  ReadingKeyOptions keys;
};

void define(CLI::App& app, ConfigDiffOptions& options);
cli::Report run(const ConfigDiffOptions& options, run::Context& context);

}  // namespace bkp::command
