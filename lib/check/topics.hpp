#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "check/findings.hpp"
#include "config/config.hpp"
#include "run/context.hpp"
#include "schedule/schedule.hpp"

namespace bkp::check {

/// The topics of `bkp check`, one source file each. All add to the findings and throw nothing but
/// an interruption (and faults of bkp itself).

/// Keys without effect, stores without a retention rule, whether 3-2-1 holds, secrets in commands
/// that the runbook shows.
void examine_settings(const config::Config& config, Findings& findings);
/// Who can read and change the configuration, password files and spool; and the password file that
/// libpq finds by itself, where the configuration names none.
void examine_permissions(const config::Config& config, const util::Environment& environment,
                         Findings& findings);

/// Whether backups are sealed and signed, whether the key files can be used, and which identity
/// opens which backups.
void examine_keys(run::Context& context, Findings& findings);

/// Whether the directories that runs write to, besides the stores, are there and writable or can be
/// made: of the spool, of scratch files, of the runbook's copy.
void examine_directories(const config::Config& config, Findings& findings);

/// Whether everything below `below` belongs to the owner of `directory`; else the first that does
/// not, and the chown to run. Nothing is said of what is not there.
void examine_ownership(const std::filesystem::path& directory, const std::filesystem::path& below,
                       const std::string& check, Findings& findings);

/// What the other topics want to know of a server that answered.
struct ServerFacts {
  std::string system_identifier;         ///< empty where the role may not ask
  std::filesystem::path data_directory;  ///< empty where the role may not ask
  bool local = false;                    ///< reached over a Unix socket
  std::vector<std::string> databases;    ///< those that are backed up
  std::vector<std::string> present;      ///< every database of the cluster
};
/// Reachable, version, what is selected, rights, pg_dump and its siblings, what dead restores left.
/// nullopt when the server does not answer.
std::optional<ServerFacts> examine_server(run::Context& context, Findings& findings);

/// What the role may do. For a superuser everything but `superuser` is meaningless.
struct RoleRights {
  std::string name;
  bool superuser = false;
  bool create_databases = false;     ///< for test restores
  bool read_role_passwords = false;  ///< for the globals
};
void judge_rights(const RoleRights& rights, Findings& findings);

/// What a role that is no superuser cannot dump of one database: how many, and the first's name.
struct Unreadable {
  struct Some {
    std::int64_t count = 0;
    std::string first;
  };
  std::string database;
  Some relations = {};      ///< no SELECT on it, or no USAGE on its schema
  Some row_security = {};   ///< policies would hide rows from the role; pg_dump refuses that
  Some large_objects = {};  ///< no SELECT on it; pg_read_all_data does not help there
};
Unreadable find_unreadable(pg::Connection& connection);
void judge_unreadable(const std::string& role, const Unreadable& unreadable, Findings& findings);

/// Catalog reachable, its schema current, and not in the cluster it protects; records waiting.
void examine_catalog(run::Context& context, const std::optional<ServerFacts>& server,
                     Findings& findings);

/// Each store: reachable, prepared for this site and cluster, writable (an object is written, read
/// and removed, unless context.dry_run), space, permissions, disks shared with others.
void examine_stores(run::Context& context, const std::optional<ServerFacts>& server,
                    Findings& findings);

/// Age and verification of the newest good backup of each database and of the cluster, whether the
/// runbooks know it, and whether the assertions are about databases that there are.
void examine_backups(run::Context& context, const std::optional<ServerFacts>& server,
                     Findings& findings);
/// The same for backups at hand, newest first.
void judge_backups(const std::vector<std::string>& databases,
                   const std::vector<catalog::BackupRecord>& newest_first,
                   const config::Status& limits, util::Time now, Findings& findings);

/// Whether a store has any backup, where the catalog names some.
void judge_presence(const std::string& store, bool required,
                    const std::vector<std::string>& names_there,
                    const std::vector<catalog::BackupRecord>& backups, Findings& findings);

/// Good backups that a run could not write to a store, or none of which was ever to go there.
void judge_missing_copies(const std::string& store,
                          const std::vector<catalog::BackupRecord>& newest_first,
                          Findings& findings);

/// Assertions of databases that are neither in the cluster (`present`) nor in a backup never run.
void judge_assertions(const std::vector<config::Assertion>& assertions,
                      const std::vector<std::string>& present,
                      const std::vector<catalog::BackupRecord>& backups, Findings& findings);

/// Whether the schedules can be read and are followed, make and prove and prune backups, often
/// enough for `status`, and what they lack. `check_schedule` throws Error{usage} for one that
/// cannot be.
void examine_schedules(run::Context& context,
                       const std::function<void(const schedule::Schedule&)>& check_schedule,
                       Findings& findings);

/// Whether something is exported as configuration, with the backups, and each section can be:
/// collects them.
void examine_exports(run::Context& context, Findings& findings);

/// Whether the files that databases know can be listed and are where they should be.
void examine_assets(run::Context& context, Findings& findings);

/// Whether somebody is told when a run fails: the channels, what their files hold, what waits for
/// them, and what is known to be wrong.
/// `commands` are those there are.
void examine_notifications(const run::Context& context, const std::vector<std::string>& commands,
                           Findings& findings);

struct CronPlaces {
  std::filesystem::path file = "/etc/cron.d/bkp";
  std::filesystem::path pid_file = "/run/crond.pid";
};
/// The cron file is there, cron will take it, and something in it begins what is due by schedule,
/// or runs a full backup.
void examine_cron(const CronPlaces& places, Findings& findings);

}  // namespace bkp::check
