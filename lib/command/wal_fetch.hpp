#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// As PostgreSQL understands the exit code of restore_command (src/backend/access/transam/
/// xlogarchive.c, RestoreArchivedFile): 1 is "not in the archive", and recovery goes on without it;
/// more than 125 ends recovery.
int restore_command_exit_code(const util::Error& error);

/// `bkp wal-fetch NAME DEST`: see bkp-wal-fetch(1).
struct WalFetchOptions {
  static constexpr cli::CommandInfo info{
      "wal-fetch", "bring a file of the WAL back from the archive (restore_command)",
      cli::ConfigNeed::unconnected, false, restore_command_exit_code};
  std::string name;
  std::string destination;
  ReadingKeyOptions keys;
  std::string until;  ///< the last segment that may be given out; empty: all
  std::string ahead;  ///< not empty: fetch what follows `name`; "SEGMENT_BYTES:SYSTEM_IDENTIFIER"

  /// As wal-push; and in recovery the catalog may well be what is being recovered.
  static bool recorded() { return false; }
};

void define(CLI::App& app, WalFetchOptions& options);

cli::Report run(const WalFetchOptions& options, run::Context& context);

}  // namespace bkp::command
