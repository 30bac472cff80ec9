#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "backup/full_backup.hpp"
#include "backup/layout.hpp"
#include "pg/connection.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// The data directory of the server at the other end, when it is on this host and can be read:
/// where the configuration or the server says, and of the very server that answers (its
/// postmaster.pid has the time at which that was started). nullopt otherwise, with a debug line.
std::optional<std::filesystem::path> local_data_directory(const run::Context& context,
                                                          pg::Connection& server);

/// A base backup of the whole cluster, for full_backup(): read from the data directory between
/// pg_backup_start() and pg_backup_stop(), by full.jobs workers, the largest files first. Its parts
/// are tar archives, in one of them backup_label, tablespace_map and backup_manifest. The
/// manifest is written when the WAL that makes it consistent has been read in the archive.
backup::ClusterBackup base_backup(run::Context& context, const backup::Layout& layout);

}  // namespace bkp::physical
