#pragma once

#include "backup/full_backup.hpp"
#include "backup/layout.hpp"
#include "physical/parent.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// Backups of the whole cluster, for take_backups(): read from the data directory between
/// pg_backup_start() and pg_backup_stop(), by full.jobs workers, the largest files first. Their
/// parts are tar archives, in one of them backup_label, tablespace_map and backup_manifest. The
/// manifest is written when the WAL that makes the backup consistent has been read in the archive.
/// The marks of the pages stay on this host, for the next incremental backup (page_map.hpp).

backup::ClusterBackup base_backup(run::Context& context, const backup::Layout& layout);

/// Of relations' files that the parent has only the changed pages are stored (incremental_file.hpp,
/// changed_pages.hpp), of all others the whole file: every file of the cluster is in it in one
/// form or the other. Its backup_label says what it is built on as PostgreSQL 17's does, so that
/// no server starts on it by mistake. The parent is moved from when the backup is taken.
backup::ClusterBackup incremental_backup(run::Context& context, const backup::Layout& layout,
                                         Parent parent);

}  // namespace bkp::physical
