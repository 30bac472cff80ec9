#pragma once

#include <filesystem>
#include <string>

#include "backup/manifest.hpp"
#include "physical/backup_session.hpp"
#include "physical/cluster_packer.hpp"
#include "physical/page_map.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// Reads a cluster from its data directory on this host, between pg_backup_start() and
/// pg_backup_stop(), and packs it but for its manifest. `before` is the backup that this one is
/// built on, null for a full one. Returns what is known of the cluster but for the packer's counts.
/// Throws Error{refused} for a server with pages of another size, and one that went to another
/// timeline than `before`.
backup::PhysicalProperties read_local(const run::Context& context, BackupSession& session,
                                      const std::filesystem::path& data, const std::string& label,
                                      const MappedBackup* before, ClusterPacker& packer);

}  // namespace bkp::physical
