#pragma once

#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "catalog/records.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// How a user names one backup: ID is `latest`, `latest~2`, a catalog id, a label or a unique
/// prefix of one;
/// --db and --type narrow `latest`.
struct BackupChoice {
  std::string id;
  std::string database;
  std::string type;
};

/// Adds the positional ID (required) and both options.
void define(CLI::App& app, BackupChoice& choice);

/// An option that takes one of the data model's backup types.
CLI::Option* add_type_option(CLI::App& app, std::string& type, const std::string& description);

enum class Purged { excluded, included };

/// The backup named, from the catalog or, when that is down, from the stores. Throws
/// Error{not_found}.
catalog::BackupRecord choose(run::Context& context, const BackupChoice& choice, Purged purged);

/// The same for a command that changes what becomes of the backup: `latest` without --db is
/// Error{not_found}, ambiguous, when there are good backups of several databases.
catalog::BackupRecord choose_to_change(run::Context& context, const BackupChoice& choice);

}  // namespace bkp::command
