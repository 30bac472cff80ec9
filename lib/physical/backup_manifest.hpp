#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/lsn.hpp"
#include "util/clock.hpp"

namespace bkp::physical {

/// One file of a base backup in PostgreSQL's words.
struct ManifestFile {
  std::string path;
  std::uint64_t bytes = 0;
  util::Time modified;
  std::uint32_t crc32c = 0;
};

/// The backup_manifest that pg_verifybackup(1) reads (PostgreSQL's documentation, "Backup Manifest
/// Format"): version 1, or 2 for PostgreSQL 17 and newer, which names the system identifier.
struct BackupManifest {
  int server_version = 0;  ///< 150018
  std::string system_identifier;
  std::vector<ManifestFile> files;
  std::uint32_t timeline = 0;
  pg::Lsn start;
  pg::Lsn stop;
};

std::string to_text(const BackupManifest& manifest);

}  // namespace bkp::physical
