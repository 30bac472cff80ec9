#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backup/backfill.hpp"
#include "backup/full_item.hpp"
#include "backup/job.hpp"
#include "run/context.hpp"

namespace bkp::backup {

/// A backup of the whole cluster, or of the site's configuration, as a room above takes it.
struct ClusterBackup {
  std::string kind;                         ///< in its label: "base", "incr" or "config"
  std::string backup_type;                  ///< "full", "incremental" or "config"
  std::string method;                       ///< "base", "pages" or "archive"
  std::optional<std::string> parent_label;  ///< of an incremental one
  std::optional<util::Time> of;             ///< the moment it stands for, where that is not now
  /// Does not throw: the outcome tells. See dump_database() for what is left when it fails.
  std::function<Outcome(const Job& job, const std::string& label, std::vector<Target> targets)>
      take;
};

/// What backups are of, where no server is asked.
struct KnownServer {
  int version = 0;  ///< 150018
  std::string system_identifier;
};

struct FullRequest {
  bool dumps = true;                           ///< of databases
  std::vector<std::string> databases = {};     ///< empty: as configured
  std::vector<ClusterBackup> of_cluster = {};  ///< taken after the dumps, one by one
  std::vector<std::string> stores = {};        ///< empty: all
  std::optional<KnownServer> server = {};      ///< nullopt: the cluster is asked
};

struct FullResult {
  std::vector<FullItem> items;              ///< by database name
  std::vector<std::string> missing;         ///< databases the configuration names, not there
  std::vector<std::string> debris_removed;  ///< labels of earlier runs that died
  std::vector<run::NamedStore> stores;      ///< those that were written to
  std::vector<BroughtCopy> brought;         ///< copies made afterwards, of earlier backups too
  std::vector<MissingCopy> missing_copies;  ///< of earlier backups, which are still missing
  std::optional<util::Error> interrupted;   ///< while copies were made
  util::Time started_at;
  util::Time finished_at;  ///< of the last dump

  std::uint64_t bytes() const;
  /// nullopt when every database is there and has all its copies; else the Error that decides the
  /// exit code: the databases' own error when all failed alike, `partial` when some did.
  std::optional<util::Error> error() const;
};

/// Takes a full logical backup of each database the request names. The caller holds the site's
/// write lock. Clears the debris of earlier runs, unless the catalog is down, and with it the lock
/// against other hosts; where that fails it is a warning. Dumps up to full.jobs databases at once
/// (never more than limits.connections); one that fails does not stop the others. A missing copy on
/// a required store makes that backup `partial`, on an optional one it is a warning. A store that a
/// dump left behind, and stores that earlier runs could not write to, get their copies from another
/// store afterwards. Throws when nothing could be started: server down, no program, no store. With
/// context.dry_run everything is looked at and nothing is changed; the items' status is then
/// `pending`.
FullResult full_backup(run::Context& context, const FullRequest& request);

}  // namespace bkp::backup
