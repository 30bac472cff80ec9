#include "command/choice.hpp"

#include <set>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

CLI::Option* add_type_option(CLI::App& app, std::string& type, const std::string& description) {
  return app.add_option("--type", type, description)
      ->check(CLI::IsMember({"full", "incremental", "config", "wal", "files", "redis"}))
      ->type_name("TYPE");
}

void define(CLI::App& app, BackupChoice& choice) {
  app.add_option("ID", choice.id, "latest, latest~N, a catalog id, a label or the beginning of one")
      ->required();
  app.add_option("--db", choice.database, "backups of this database only")->type_name("NAME");
  add_type_option(app, choice.type, "backups of this type only");
}

namespace {

std::vector<catalog::BackupRecord> candidates(run::Context& context, const BackupChoice& choice,
                                              Purged purged) {
  catalog::BackupFilter filter;
  if (!choice.database.empty()) filter.database = choice.database;
  if (!choice.type.empty()) filter.backup_type = choice.type;
  filter.include_purged = purged == Purged::included;
  return backup::list_backups(context, filter);
}

void require_one_database(const std::vector<catalog::BackupRecord>& backups,
                          const std::string& id) {
  std::set<std::string> databases;
  for (const auto& backup : backups) {
    if (backup.good() && backup.database_name) databases.insert(*backup.database_name);
  }
  if (databases.size() < 2) return;
  std::vector<std::string> names;
  for (const auto& name : databases) names.push_back(util::quoted(name));
  throw util::Error{util::ErrorKind::not_found,
                    fmt::format("{} is ambiguous: there are backups of {}", util::printable(id),
                                fmt::join(names, ", ")),
                    fmt::format("say which with --db, as --db {}, or name the backup by its label",
                                util::shell_quoted(*databases.begin()))};
}

}  // namespace

catalog::BackupRecord choose(run::Context& context, const BackupChoice& choice, Purged purged) {
  return backup::select_backup(candidates(context, choice, purged), choice.id);
}

catalog::BackupRecord choose_to_change(run::Context& context, const BackupChoice& choice) {
  const auto backups = candidates(context, choice, Purged::excluded);
  if (choice.id.starts_with("latest")) require_one_database(backups, choice.id);
  return backup::select_backup(backups, choice.id);
}

}  // namespace bkp::command
