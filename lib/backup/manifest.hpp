#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/fingerprint.hpp"
#include "pg/lsn.hpp"
#include "util/clock.hpp"

namespace bkp::backup {

/// One stored object of a backup.
struct Part {
  std::string name;                  ///< below the label: "dump.pgc.zst"
  std::string role;                  ///< "dump", "globals", "base", "pages" or "config"
  std::string compression;           ///< "zstd" or "none"
  std::string encryption = "none";   ///< "age" or "none"; what was compressed is sealed
  std::uint64_t size_bytes = 0;      ///< as stored
  std::uint64_t original_bytes = 0;  ///< before compression
  std::string md5;                   ///< of the stored bytes
  std::string sha256;                ///< of the stored bytes
};

/// The database as it was, so that a new one can be made like it.
struct DatabaseProperties {
  std::string name;
  std::string owner;
  std::string encoding;         ///< "UTF8"
  std::string collate;          ///< datcollate
  std::string ctype;            ///< datctype
  std::string locale_provider;  ///< "libc", "icu", "builtin"
  std::string icu_locale;       ///< ICU or builtin locale; empty for libc
  std::int64_t size_bytes = 0;  ///< pg_database_size at the time
};

/// A tablespace beside the default ones.
struct Tablespace {
  std::uint32_t oid = 0;
  std::string path;  ///< where it was
  bool operator==(const Tablespace&) const = default;
};

/// A data page whose checksum did not match when it was read, twice.
struct BadPage {
  std::string file;  ///< below the data directory
  std::uint64_t block = 0;
  bool operator==(const BadPage&) const = default;
};

/// What a physical backup says of the cluster.
struct PhysicalProperties {
  pg::Lsn start;          ///< recovery begins here: the redo location of the backup's checkpoint
  pg::Lsn stop;           ///< recovery must reach this to be consistent
  util::Time stopped_at;  ///< by the server's clock: no target before this can be reached from here
  std::uint32_t timeline = 0;
  std::uint32_t wal_segment_size = 0;  ///< bytes
  bool page_checksums = false;         ///< pages have checksums, which were verified
  std::uint64_t files = 0;
  std::uint64_t cluster_bytes = 0;  ///< of all files once restored; 0: not said
  std::vector<Tablespace> tablespaces;
  std::vector<BadPage> bad_pages;
};

/// What a config export says of itself without being opened. No digests: from that of a short
/// secret the secret can be guessed.
struct ExportProperties {
  int version = 0;  ///< grows by one with each export that is stored
  std::vector<std::string> sections;
  std::vector<std::string> failed;  ///< those that are missing: "NAME: why"
};

/// The backup that an incremental one is built on.
struct ParentBackup {
  std::string label;
  std::string manifest_sha256;
};

/// Describes one backup completely; the object whose existence makes it one. JSON, UTF-8, keys as
/// the members,
/// `"format": "bkp-manifest"`, `"format_version": 1`. Names that are no valid UTF-8 (a LATIN1
/// database's) travel as {"base64": …}. Written last. Readers refuse a newer format_version and
/// ignore unknown keys.
struct Manifest {
  std::string site;
  std::string label;
  std::string backup_type = "full";
  std::string method = "dump";
  std::string triggered_by;
  std::string host;
  std::string bkp_version;
  std::string system_identifier;  ///< of the cluster, decimal; empty where the role may not ask
  int server_version = 0;         ///< 150018
  std::string dump_version;       ///< pg_dump's
  util::Time started_at;
  util::Time completed_at;
  std::optional<ParentBackup> parent;          ///< of method pages
  std::string made_of;                         ///< label of the chain's last, if it was made of one
  DatabaseProperties database;                 ///< of a dump; else without a name
  std::optional<PhysicalProperties> physical;  ///< of methods base and pages
  std::optional<ExportProperties> config;      ///< of method archive
  std::vector<Part> parts;
  std::vector<std::string> recipients;  ///< for whom the parts are sealed, age1…
  std::optional<pg::Fingerprint> fingerprint;
  std::string fingerprint_missing_reason;  ///< why there is none
  std::vector<std::string> warnings;

  std::uint64_t size_bytes() const;
  std::uint64_t original_bytes() const;
  /// nullptr when there is no such part.
  const Part* part(std::string_view role) const;
  bool sealed() const;
};

std::string to_text(const Manifest& manifest);
/// Throws Error{damaged} naming `key` for anything that is no valid manifest of `site` and `label`.
Manifest parse_manifest(std::string_view text, std::string_view key, std::string_view site,
                        std::string_view label);

}  // namespace bkp::backup
