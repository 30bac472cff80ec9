#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp copy [ID] --to STORE [--from STORE]`: see bkp-copy(1).
struct CopyOptions {
  static constexpr cli::CommandInfo info{"copy", "copy backups from one store to another"};
  std::string id;    ///< empty: every good backup that `to` has not
  std::string from;  ///< empty: the first store with a good copy
  std::string to;
  std::string database;
  ReadingKeyOptions keys = {};

  static cli::Watch watch() { return cli::Watch::by_subject; }
};

void define(CLI::App& app, CopyOptions& options);

/// One backup that cannot be copied does not stop the others: the report's error is Error{partial}
/// then, or that of the only one.
cli::Report run(const CopyOptions& options, run::Context& context);

}  // namespace bkp::command
