#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "backup/copies.hpp"
#include "catalog/records.hpp"

namespace bkp::command {

/// A backup as the results of `full`, `incr` and `list` show it (the command line contract): id
/// (null while it is not in the catalog), label, backup_type, method, database_name, status,
/// size_bytes, original_bytes, started_at, completed_at, verified, copies [{store, state}]; and
/// verified_at, held_until, error_message.
nlohmann::json backup_json(const catalog::BackupRecord& backup);

/// An array of them, in the given order.
nlohmann::json backups_json(const std::vector<catalog::BackupRecord>& backups);

/// A copy that was made: label, from, to.
nlohmann::json copied_json(const backup::BroughtCopy& copy);

}  // namespace bkp::command
