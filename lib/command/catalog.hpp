#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp catalog migrate | rebuild --store NAME | export`: see bkp-catalog(1).
struct CatalogOptions {
  static constexpr cli::CommandInfo info{.name = "catalog",
                                         .summary = "migrate, rebuild or export the catalog"};
  std::string action;
  std::string store;            ///< for rebuild
  ReadingKeyOptions keys = {};  ///< for rebuild
};

void define(CLI::App& app, CatalogOptions& options);

/// migrate and export throw when the catalog cannot be reached. rebuild enters each backup of the
/// store and reports Error{damaged} when some could not be read; what the catalog knew before
/// stays.
cli::Report run(const CatalogOptions& options, run::Context& context);

}  // namespace bkp::command
