#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "command/store_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

struct RestoreOptions {
  static constexpr cli::CommandInfo info{"restore", "bring a database back from a backup",
                                         cli::ConfigNeed::optional};
  std::string id;
  std::string database;
  StoreOptions from = {};
  std::string into;
  bool swap = false;
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  int jobs = 0;  ///< 0: limits.connections of the configuration
  bool with_globals = false;
  bool no_owner = false;
  std::string yes;
  ReadingKeyOptions keys = {};
};

void define(CLI::App& app, RestoreOptions& options);
cli::Report run(const RestoreOptions& options, run::Context& context);

}  // namespace bkp::command
