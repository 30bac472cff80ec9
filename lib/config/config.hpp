#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/assets.hpp"
#include "config/channels.hpp"
#include "config/exports.hpp"
#include "s3/options.hpp"
#include "sftp/options.hpp"
#include "util/priority.hpp"

namespace bkp::config {

/// The configuration of one site: the YAML file of bkp.yaml(5) with every default filled in. Plain
/// values; parse.hpp makes one from a file. Durations are seconds, sizes and rates bytes, shares
/// 0..1.

struct Cluster {
  std::string conninfo;                                 ///< libpq keywords or URI; never a password
  std::optional<std::filesystem::path> password_file;   ///< in the format of pgpass
  std::optional<std::filesystem::path> data_directory;  ///< asked from the server when absent
  std::optional<std::filesystem::path> bin_directory;   ///< found by version when absent
  bool operator==(const Cluster&) const = default;
};

struct Databases {
  std::vector<std::string> include{"*"};  ///< names or fnmatch(3) patterns
  std::vector<std::string> exclude;
  bool operator==(const Databases&) const = default;
};

struct Catalog {
  std::optional<std::string> conninfo;  ///< absent: database `bkp` of the protected cluster
  std::optional<std::filesystem::path> password_file;
  std::string schema = "bkp";
  std::filesystem::path spool_directory;
  bool operator==(const Catalog&) const = default;
};

/// How many calendar buckets of each kind keep their newest backup; 0 = rule off.
struct RetentionPolicy {
  int last = 0;
  std::chrono::seconds within{0};
  int hourly = 24;
  int daily = 30;
  int weekly = 26;
  int monthly = 12;
  int quarterly = 28;
  int yearly = 0;
  std::chrono::seconds wal{std::chrono::hours{24 * 14}};
  bool operator==(const RetentionPolicy&) const = default;
};

struct Store {
  std::string name;
  std::string url;
  bool required = true;
  std::optional<std::uint64_t> capacity;  ///< asked from the file system when absent
  RetentionPolicy retention;
  s3::Options s3;      ///< of an s3: URL
  sftp::Options sftp;  ///< of an sftp: URL
  int line = 0;        ///< in the file, for messages
  bool operator==(const Store&) const = default;
};

struct Compression {
  int level = 3;    ///< zstd level 0..19; 0 = off
  int threads = 0;  ///< 0 = all cores
  bool operator==(const Compression&) const = default;
};

struct Encryption {
  std::vector<std::string> recipients;                ///< age1…; none: backups are not sealed
  std::vector<std::filesystem::path> identity_files;  ///< what opens them; only where it is needed
  bool operator==(const Encryption&) const = default;
};

struct Signing {
  std::optional<std::filesystem::path> key_file;  ///< Ed25519, PEM; absent: nothing is signed
  std::vector<std::filesystem::path>
      trusted_keys;  ///< public ones; none: no signature is asked for
  bool operator==(const Signing&) const = default;
};

struct Limits {
  std::uint64_t rate = 0;  ///< bytes a second through each dump's pipeline; 0 = none
  int nice = 0;            ///< added to the niceness of a run of full or verify
  util::IoClass ionice = util::IoClass::none;  ///< of the same
  int connections = 4;                         ///< to the server at most, all jobs together
  bool operator==(const Limits&) const = default;
};

enum class FingerprintMode { full, none };

struct Full {
  std::vector<std::string> method{"dump"};  ///< "dump", "base"
  FingerprintMode fingerprint = FingerprintMode::full;
  int jobs = 2;
  std::chrono::seconds lock_timeout{1800};       ///< of pg_dump, for one table; 0: for ever
  std::chrono::seconds slow_store_timeout{600};  ///< see stream::TeeSink::Patience; 0: for ever
  bool config_export = true;
  bool operator==(const Full&) const = default;
};

/// Incremental backups of the cluster.
struct Incremental {
  std::chrono::seconds full_after{std::chrono::days{7}};  ///< the age at which a full one is due
  int max_chain = 168;  ///< incremental backups one behind the other; 0: without limit
  bool operator==(const Incremental&) const = default;
};

/// The archive of the server's write-ahead log.
struct Wal {
  int push_jobs = 4;   ///< files that wait, archived along with the one asked for
  int fetch_jobs = 4;  ///< segments fetched ahead at a time
  std::chrono::seconds archive_timeout{60};  ///< what wal-setup sets
  bool operator==(const Wal&) const = default;
};

/// What an assertion's single value must be: `expect: true`, `expect: 42`, `expect: ">= 10"`.
struct Assertion {
  std::string name;
  std::string database;
  std::string sql;
  std::string expect = "true";
  int line = 0;
  bool operator==(const Assertion&) const = default;
};

struct Verify {
  std::string database_prefix = "bkp_verify_";
  int jobs = 2;
  double sample = 1.0;  ///< share of tables whose rows are read back; 1 = every row of every table
  std::vector<Assertion> assertions;
  bool operator==(const Verify&) const = default;
};

struct Recover {
  std::filesystem::path scratch_directory;
  bool operator==(const Recover&) const = default;
};

struct Objectives {
  std::chrono::seconds rpo{std::chrono::minutes{15}};
  std::chrono::seconds rto{std::chrono::minutes{15}};
  std::chrono::seconds window{std::chrono::minutes{30}};
  bool operator==(const Objectives&) const = default;
};

/// Younger than the first is green, younger than the second yellow, the rest red.
struct Ages {
  std::chrono::seconds green{0};
  std::chrono::seconds yellow{0};
  bool operator==(const Ages&) const = default;
};

/// Ages of their own for a kind of backups: dump, base, incremental, config, files, redis; or for
/// the last verification of whatever kind: verified; or for the last check of assets.
struct StatusKind {
  std::string kind;
  Ages ages;
  bool operator==(const StatusKind&) const = default;
};

struct Status {
  std::chrono::seconds green{std::chrono::hours{6}};
  std::chrono::seconds yellow{std::chrono::hours{24}};
  double capacity_alert = 0.8;
  std::vector<StatusKind> kinds;

  /// Those of the kind itself, else its defaults: green and yellow; for base backups and
  /// verifications, which a week brings, 8 and 15 days; for assets 2 and 8 days.
  Ages ages_of(std::string_view kind) const;
  bool operator==(const Status&) const = default;
};

/// One of those that `init` enters where there are none; from then on they are the catalog's.
struct Schedule {
  std::string command;                     ///< "full --method base"
  std::string schedule;                    ///< a cron expression
  std::string time_zone = "UTC";           ///< of the IANA database
  std::optional<std::string> destination;  ///< a store
  std::chrono::seconds jitter{0};
  std::chrono::seconds catch_up{std::chrono::hours{24 * 7}};
  bool enabled = true;
  int line = 0;  ///< in the file; 0: a default
  bool operator==(const Schedule&) const = default;
};

/// What the runbook shows of a procedure of the site's own. Of text and command one is not empty.
struct ProcedureStep {
  std::string text;
  std::string command;  ///< for a shell, as it was written; it may have several lines
  std::string as;       ///< the user who is to run it; empty: as whom bkp runs
  bool operator==(const ProcedureStep&) const = default;
};

/// For what bkp does not bring back.
struct Procedure {
  std::string title;
  std::string when;  ///< what has happened, for the page's table of situations
  std::vector<ProcedureStep> steps;
  bool operator==(const Procedure&) const = default;
};

struct Runbook {
  std::optional<std::filesystem::path> path;  ///< a local copy, renewed with the one on the stores
  std::vector<std::string> contacts;
  std::vector<Procedure> procedures;
  bool operator==(const Runbook&) const = default;
};

/// A key of the contract whose feature this version does not have. It was checked for shape; acting
/// as if it were absent would be a lie where safety hangs on it, so callers look here
/// (encryption!).
struct Unsupported {
  std::string key;
  int line = 0;
  bool operator==(const Unsupported&) const = default;
};

struct Config {
  std::filesystem::path file;  ///< where it was read; empty when made in memory
  std::string site;
  Cluster cluster;
  Databases databases;
  Catalog catalog;
  std::vector<Store> stores;
  Compression compression;
  Encryption encryption;
  Signing signing;
  Limits limits;
  Full full;
  Incremental incremental;
  Wal wal;
  Verify verify;
  Recover recover;
  Objectives objectives;
  Status status;
  std::vector<ExportSection> export_sections;  ///< config_export.sections
  std::vector<AssetSection> assets;
  Notify notify;
  std::vector<Schedule> schedules;
  Runbook runbook;
  std::vector<Unsupported> unsupported;

  /// Throws Error{not_found} when there is none of that name, and says which there are.
  const Store& store(std::string_view name) const;
  bool asks_for(std::string_view unsupported_key) const;
  bool operator==(const Config&) const = default;
};

}  // namespace bkp::config
