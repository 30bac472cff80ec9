#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "catalog/migrate.hpp"

namespace bkp::command {

/// What a migration did or, with `dry_run`, would do; for people, one line or more.
std::string to_text(const catalog::MigrationOutcome& outcome, const std::string& schema,
                    bool dry_run);
/// {"schema", "database_created", "from_version", "to_version", "applied", "notices"}
nlohmann::json to_json(const catalog::MigrationOutcome& outcome, const std::string& schema);

}  // namespace bkp::command
