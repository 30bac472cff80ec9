#pragma once

#include <set>
#include <vector>

#include "pg/archive_reader.hpp"

namespace bkp::recover {

/// In what order the entries of a dump are restored, by dump id.
struct RestorePhases {
  std::vector<int> definitions;  ///< first, by pg_restore; in archive order
  std::set<int> tables;          ///< data that may be loaded in any order, then
  std::vector<int> rest;         ///< last, by pg_restore; in archive order
};

/// Of all entries, or of those in `only`. The order is that of pg_restore (pg_backup_archiver.c,
/// _tocEntryRestorePass): privileges come last, for an owner may have taken from himself the right
/// to write. Data that depends on other data (an extension's configuration tables have their
/// foreign keys from the beginning) is left to pg_restore, which keeps to that.
RestorePhases restore_phases(const std::vector<pg::ArchiveEntry>& entries,
                             const std::vector<int>& only);

}  // namespace bkp::recover
