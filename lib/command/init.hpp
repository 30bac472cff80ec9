#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp init`: see bkp-init(1).
struct InitOptions {
  static constexpr cli::CommandInfo info{.name = "init",
                                         .summary = "prepare the catalog and the stores of a site"};
  bool take_over = false;  ///< tie stores of another cluster, which is gone, to this one
  std::string yes = {};    ///< with it: the site's name, in place of typing it
};

void define(CLI::App& app, InitOptions& options);

/// Makes what is missing of the catalog's schema, the spool directory and each store's layout; what
/// cannot be made does not stop the rest. The report's error is the first failure's: Error{refused}
/// for a store that belongs to another cluster, unless it is taken over and that is confirmed.
/// Where all is well the first check follows; what it
/// finds is said, and does not make the run fail.
cli::Report run(const InitOptions& options, run::Context& context);

}  // namespace bkp::command
