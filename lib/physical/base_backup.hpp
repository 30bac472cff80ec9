#pragma once

#include "backup/full_backup.hpp"
#include "backup/layout.hpp"
#include "physical/parent.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// Backups of the whole cluster, for full_backup(): read from the data directory by full.jobs
/// workers (local_reader.hpp), or where that is not at hand through the replication protocol
/// (remote_reader.hpp). Their parts are tar archives, in one of them backup_label, tablespace_map
/// and backup_manifest. The manifest is written when the WAL that makes the backup consistent has
/// been read in the archive. The marks of the pages stay on this host, for the next incremental
/// backup (page_map.hpp).

backup::ClusterBackup base_backup(run::Context& context, const backup::Layout& layout);

/// Of relations' files that the parent has only the changed pages are stored (incremental_file.hpp,
/// changed_pages.hpp), of all others the whole file: every file of the cluster is in it in one
/// form or the other. Its backup_label says what it is built on as PostgreSQL 17's does, so that
/// servers from 17 on do not start on it by mistake. Only from the data directory. The parent is
/// moved from when the backup is taken.
backup::ClusterBackup incremental_backup(run::Context& context, const backup::Layout& layout,
                                         Parent parent);

}  // namespace bkp::physical
