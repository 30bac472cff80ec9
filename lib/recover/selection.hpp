#pragma once

#include <string>
#include <vector>

#include "pg/archive_reader.hpp"

namespace bkp::recover {

/// A part of an archive that stands on its own feet in an empty database.
struct Selection {
  std::vector<int> entries;             ///< dump ids in archive order, for --use-list
  std::vector<std::string> tables;      ///< "schema.table" of the tables whose data comes, sorted
  std::vector<std::string> needed_too;  ///< those among them nobody named but others depend on
};

/// Chooses the schemas and tables named (a table as "table" or "schema.table", unquoted, as they
/// are called) with all that belongs to them: data, constraints, indexes, defaults, owned
/// sequences, triggers, policies, privileges, comments, partitions. And, what pg_restore's own
/// --schema and --table leave out, everything those depend on: schemas, types, functions,
/// other tables; and all extensions. Foreign keys to tables that were not chosen stay out. Throws
/// Error{not_found} for a name the archive does not have.
Selection select_entries(const std::vector<pg::ArchiveEntry>& entries,
                         const std::vector<std::string>& schemas,
                         const std::vector<std::string>& tables);

}  // namespace bkp::recover
