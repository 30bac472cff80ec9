#include "command/choice.hpp"

#include "backup/repository.hpp"

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

catalog::BackupRecord choose(run::Context& context, const BackupChoice& choice, Purged purged) {
  catalog::BackupFilter filter;
  if (!choice.database.empty()) filter.database = choice.database;
  if (!choice.type.empty()) filter.backup_type = choice.type;
  filter.include_purged = purged == Purged::included;
  return backup::select_backup(backup::list_backups(context, filter), choice.id);
}

}  // namespace bkp::command
