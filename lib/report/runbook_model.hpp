#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "backup/repository.hpp"
#include "catalog/records.hpp"
#include "pg/conninfo.hpp"
#include "run/context.hpp"
#include "s3/options.hpp"
#include "seal/signing.hpp"
#include "sftp/options.hpp"
#include "util/clock.hpp"

namespace bkp::report {

/// What the runbook says, as plain values without a word of HTML. It holds no secret: connection
/// strings are kept as Conninfo and only ever shown through to_argument(), which leaves passwords
/// out.

/// A configured store.
struct RunbookStore {
  std::string name;
  std::string url;  ///< without secrets
  bool required = true;
  std::string problem;      ///< why it did not answer when the page was made; empty when it did
  s3::Options s3 = {};      ///< of an s3: URL
  sftp::Options sftp = {};  ///< of an sftp: URL
  std::string host_key_lines = {};  ///< of an sftp: URL: what known_hosts has of the host

  /// The directory of a store on a file system; nullopt for any other. Throws Error{config} for a
  /// malformed URL.
  std::optional<std::string> directory() const;
};

/// One good backup as a manifest and the stores that hold it.
struct RunbookBackup {
  backup::Manifest manifest;
  std::vector<std::string> stores;  ///< names, in the configuration's order, damaged copies last
  bool verified = false;
  std::optional<util::Time> verified_at;  ///< of the last verification, whatever its result
  std::string verification_error = {};    ///< what was wrong then
  std::vector<std::string> damaged = {};  ///< those of `stores` whose copy failed its last check
};

/// One line of a database's list of backups.
struct RunbookHistoryLine {
  std::string label;
  util::Time started_at;
  std::int64_t size_bytes = 0;
  bool verified = false;
  bool held = false;
  std::vector<std::string> stores;  ///< "vault (damaged)" where the copy failed its last check
  std::optional<util::Time> failed_at = {};  ///< when its last verification failed
};

struct RunbookDatabase {
  std::string name;
  std::optional<RunbookBackup> newest;             ///< what to restore first; nullopt: nothing good
  std::optional<RunbookBackup> last_verified;      ///< only where it is another one than `newest`
  std::optional<double> restore_seconds;           ///< measured by the last successful test restore
  std::optional<std::string> restore_measured_on;  ///< label of the backup restored then
  std::vector<RunbookHistoryLine> history;         ///< newest first, at most history_limit
  std::size_t history_total = 0;
  bool gone = false;  ///< not in the cluster when the page was made
};

inline constexpr std::size_t history_limit = 14;

/// A base backup of the whole cluster.
struct RunbookBase {
  std::string label;
  util::Time completed_at;
  std::int64_t size_bytes = 0;
  bool verified = false;
  std::vector<std::string> stores;  ///< "vault (damaged)" where the copy failed its last check
};

/// A file that the configuration names and that is nowhere on the page.
struct RunbookFile {
  std::string path;
  std::string purpose;
  std::string otherwise;  ///< what to do where it is lost for good
};

struct RunbookModel {
  std::string site;
  util::Time generated_at;
  std::string host;     ///< where the page was made
  std::string os_user;  ///< as whom bkp runs there
  std::string config_file;
  /// config::explain: the whole configuration without secrets, and with the public half of the
  /// signing key among what is trusted, since its private half may be lost.
  std::string config_text;
  std::vector<RunbookFile> files;  ///< that it needs

  std::vector<std::string> own_directories;  ///< where bkp keeps files beside the stores
  std::string fetch_directory;               ///< for what is fetched without bkp
  std::string stock_database;                ///< what stock tools restore into; empty: NAME_by_hand

  pg::Conninfo cluster;
  int server_version = 0;       ///< 150018; 0 = unknown
  std::string data_directory;   ///< as configured, as the server says, or where Debian has it
  std::string server_programs;  ///< the directory of pg_ctl, likewise
  std::string dump_version;     ///< pg_dump's, of the newest backup
  std::string bkp_version;
  std::string zstd_version;               ///< of the library that made the page
  std::string system_identifier;          ///< empty = unknown
  std::optional<bool> role_is_superuser;  ///< the role bkp connects as; nullopt = could not ask
  std::string catalog_database;  ///< where the catalog is lost with the cluster; else empty

  std::vector<std::string> identity_files;    ///< what opens sealed backups, or where to put it
  bool seals = false;                         ///< has recipients
  bool identity_configured = false;           ///< those files: commands need not name them
  std::vector<std::string> older_recipients;  ///< of shown backups, who cannot open the newest
  /// Of those who sign manifests, each with the file it has on a new host.
  std::vector<seal::PublicKeyText> public_keys;

  std::chrono::seconds rpo{0};
  std::chrono::seconds rto{0};
  std::chrono::seconds window{0};
  std::vector<std::string> contacts;
  std::vector<config::AssetSection> assets;
  std::vector<config::Procedure> procedures;  ///< the site's own

  std::vector<RunbookStore> stores;            ///< in the configuration's order
  std::vector<RunbookDatabase> databases;      ///< by name
  std::vector<RunbookBase> bases;              ///< newest first, at most history_limit
  std::optional<RunbookBackup> configuration;  ///< the newest good export of it
  std::vector<std::string> problems;           ///< what could not be read while the page was made
  std::string without_catalog;                 ///< what is missing because the catalog is down

  /// The newest dump of all, from which the cluster's roles are taken; nullptr when there is none.
  const RunbookBackup* newest() const;
  /// Of all backups, those of the cluster too; empty when there is none.
  std::string newest_label() const;
  const RunbookStore* store(const std::string& name) const;
};

/// Gathers the values: records from the catalog (or the stores when it is down), manifests from the
/// stores, versions from the server where it answers. Nothing here throws because something is
/// down: that is when the page is needed. It says in `problems` what it had to leave out. Throws
/// Error{interrupted}.
RunbookModel build_runbook_model(run::Context& context);

/// The page that goes beside one backup: the same site, this database only.
RunbookModel for_database(const RunbookModel& model, const std::string& database);

}  // namespace bkp::report
