#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "run/context.hpp"
#include "wal/archiver.hpp"

namespace bkp::wal {

/// A setting of the server that archiving needs otherwise.
struct SettingChange {
  std::string name;
  std::string from;
  std::string to;
  bool needs_restart = false;
  bool reset = false;  ///< it goes out of postgresql.auto.conf
};

/// "…/bin/bkp wal-push --config … %p", for a shell on the server's host.
std::string archive_command(const std::filesystem::path& program,
                            const std::filesystem::path& config);

/// "…/bin/bkp wal-fetch --config … %f %p"; with `until` nothing after that segment is given out.
std::string restore_command(const std::filesystem::path& program,
                            const std::filesystem::path& config,
                            const std::vector<std::filesystem::path>& identity_files,
                            const std::string& until);

/// PREFIX/bin/bkp of the PREFIX that this program is installed in.
std::filesystem::path installed_program();

/// What must change so that the server archives with `command`. Throws Error{database}.
std::vector<SettingChange> plan_archiving(pg::Connection& server, const std::string& command,
                                          std::chrono::seconds timeout);

/// ALTER SYSTEM, and a reload, which has been done when this returns. Throws Error{database}.
void apply(pg::Connection& server, const std::vector<SettingChange>& changes,
           const util::Clock& clock);

/// Settings that wait for a restart of the server, as this session has been told.
std::vector<std::string> waiting_for_restart(pg::Connection& server);

/// Ends a segment and waits until every required store has it, and the server knows. Returns its
/// name. Throws Error{partial} when that takes longer than `patience` or the server says that it
/// failed, Error{store} when a required store cannot be opened.
std::string prove_archiving(run::Context& context, pg::Connection& server,
                            std::chrono::seconds patience);

}  // namespace bkp::wal
