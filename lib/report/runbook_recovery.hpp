#pragma once

#include <string>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// The commands of the chapter that recovers the whole cluster to a moment, for the user that the
/// server runs as; see runbook_commands.hpp.
struct RecoveryCommands {
  std::string preview;       ///< of a recovery to the end of the archive
  std::string recover;       ///< beside the old data directory, started
  std::string look;          ///< how far it is
  std::string accept;        ///< it stops recovering, and takes writes
  std::string put_in_place;  ///< stops it; the old directory is set aside, and it takes its place
  std::string start;
  std::string wal_setup;  ///< lets it archive; it may ask for the restart
  std::string restart;
  std::string full;  ///< a base backup of it
  std::string check;
  std::string verify;
};
/// Empty where there are no backups of the cluster.
RecoveryCommands recovery_commands(const RunbookModel& model);

}  // namespace bkp::report
