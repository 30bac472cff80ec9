#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp cat KEY`: see bkp-cat(1).
struct CatOptions {
  static constexpr cli::CommandInfo info{"cat", "print one object of a store, proven and opened"};
  std::string key;
  std::string store;  ///< empty: the first that has it
  ReadingKeyOptions keys = {};
};

void define(CLI::App& app, CatOptions& options);

/// Nothing is written before all of the object was proven.
cli::Report run(const CatOptions& options, run::Context& context);

}  // namespace bkp::command
