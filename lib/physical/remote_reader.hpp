#pragma once

#include <string>

#include "backup/manifest.hpp"
#include "physical/backup_session.hpp"
#include "physical/cluster_packer.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// Reads a cluster through the replication protocol (BASE_BACKUP), wherever it is, and packs it but
/// for its manifest: slower than read_local(), for it comes in one stream. `session` is used for
/// what the protocol does not tell. Returns what is known of the cluster but for the packer's
/// counts. Throws DatabaseError, Error{refused} for a server with pages of another size.
backup::PhysicalProperties read_remote(const run::Context& context, BackupSession& session,
                                       const std::string& label, ClusterPacker& packer);

}  // namespace bkp::physical
