#include "report/runbook_commands.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "backup/databases.hpp"
#include "backup/layout.hpp"
#include "report/command_text.hpp"
#include "report/runbook_host.hpp"
#include "report/runbook_keys.hpp"
#include "report/runbook_programs.hpp"
#include "report/runbook_remote.hpp"
#include "report/runbook_stock.hpp"
#include "store/url.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

constexpr std::size_t counted_tables = 8;

std::string terminate_others(const std::string& database) {
  return fmt::format(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity\n"
      "WHERE datname = {} AND pid <> pg_backend_pid()",
      sql_literal(database));
}

std::string rename(const std::string& from, const std::string& to) {
  return fmt::format("ALTER DATABASE {} RENAME TO {}", sql_identifier(from), sql_identifier(to));
}

std::string qualified(const pg::TableFingerprint& table) {
  return sql_identifier(table.schema) + "." + sql_identifier(table.table);
}

// The largest tables whose names a terminal can carry.
std::vector<const pg::TableFingerprint*> largest_tables(const backup::Manifest& manifest) {
  std::vector<const pg::TableFingerprint*> result;
  if (!manifest.fingerprint) return result;
  for (const auto& table : manifest.fingerprint->tables) {
    if (util::is_valid_utf8(table.schema) && util::is_valid_utf8(table.table)) {
      result.push_back(&table);
    }
  }
  std::ranges::stable_sort(result, std::ranges::greater{}, &pg::TableFingerprint::rows);
  result.resize(std::min(result.size(), counted_tables));
  return result;
}

std::string count_sql(const std::vector<const pg::TableFingerprint*>& tables) {
  std::string result =
      R"(SELECT $$$$ AS "table", 0 AS rows, 0 AS backup, true AS same WHERE false)";
  for (const auto* table : tables) {
    result += fmt::format("\nUNION ALL SELECT {}, count(*), {}, count(*) = {} FROM ONLY {}",
                          sql_literal(table->schema + "." + table->table), table->rows, table->rows,
                          qualified(*table));
  }
  return result;
}

std::string count_command(const RunbookModel& model, const RunbookBackup& backup,
                          const std::string& database) {
  const auto tables = largest_tables(backup.manifest);
  if (tables.empty()) return {};
  return psql(model, database) + statements({count_sql(tables)});
}

std::string restore_alone(const RunbookModel& model, const RunbookBackup& backup,
                          const RunbookStore& store) {
  const auto& manifest = backup.manifest;
  const auto& database = manifest.database.name;
  auto options = store_options(model, store);
  if (manifest.sealed()) options += identity_options(model, "--identity");
  for (const auto& file : public_key_files(model)) options += " --trusted-key " + file;
  return fmt::format("{}{}bkp restore {} --db {} \\\n  --into {} \\\n  {}",
                     write_public_keys(model), credentials_before(store),
                     shell_word(manifest.label), shell_word(database),
                     shell_word(backup::name_with_suffix(database, "_restored")), options);
}

bool any_store_is(const RunbookModel& model, std::string_view scheme) {
  return std::ranges::any_of(
      model.stores, [&](const auto& store) { return store::scheme_of(store.url) == scheme; });
}

bool any_sealed(const RunbookModel& model) {
  return std::ranges::any_of(model.databases, [](const auto& database) {
    return database.newest && database.newest->manifest.sealed();
  });
}

std::string createdb(const RunbookModel& model, const backup::DatabaseProperties& original,
                     const std::string& name) {
  std::string result = "createdb --maintenance-db=" + connect(model.cluster, "postgres") +
                       " --template=template0 \\\n  --encoding=" + shell_word(original.encoding);
  const auto option = [&](const char* key, const std::string& value) {
    if (!value.empty()) result += fmt::format(" --{}={}", key, shell_word(value));
  };
  option("owner", original.owner);
  option("lc-collate", original.collate);
  option("lc-ctype", original.ctype);
  if (original.locale_provider == "icu" || original.locale_provider == "builtin") {
    option("locale-provider", original.locale_provider);
    option(original.locale_provider == "icu" ? "icu-locale" : "builtin-locale",
           original.icu_locale);
  }
  return result + " -- " + shell_word(name);
}

void add_stock(DatabaseCommands& commands, const RunbookModel& model, const RunbookBackup& backup) {
  const auto& manifest = backup.manifest;
  const backup::Part* dump = manifest.part("dump");
  if (dump == nullptr) return;
  commands.stock_fetch = parts_of(model, backup);
  const auto& directory = commands.stock_fetch.directory;
  commands.stock_name = model.stock_database.empty()
                            ? backup::name_with_suffix(manifest.database.name, "_by_hand")
                            : model.stock_database;
  commands.stock_signature = signature_command(model, directory);
  commands.stock_sums = sums_command(directory, manifest);
  commands.stock_create = createdb(model, manifest.database, commands.stock_name);
  commands.stock_restore = unpack(model, directory, *dump) +
                           " \\\n  | pg_restore --exit-on-error -d " +
                           connect(model.cluster, commands.stock_name);
  commands.stock_count = count_command(model, backup, commands.stock_name);
  commands.stock_analyze = psql(model, commands.stock_name) + statements({"ANALYZE"});
  commands.stock_switch =
      superuser_psql(model) + statements({rename(commands.stock_name, manifest.database.name)});
  // For a person to look at: a setting's value may hold what looks like another statement.
  commands.stock_properties = unpack(model, directory, *dump) +
                              " \\\n  | pg_restore --create --section=pre-data -f - \\\n  | grep "
                              "-E '^(ALTER|GRANT|REVOKE) .*DATABASE '";
}

void add_table(DatabaseCommands& commands, const RunbookModel& model, const RunbookBackup& backup) {
  const auto tables = largest_tables(backup.manifest);
  if (tables.empty()) return;
  const auto& table = *tables.front();
  const auto& database = backup.manifest.database.name;
  const std::string aside = "damaged";
  commands.table = table.schema + "." + table.table;
  commands.set_table_aside = writing_psql(model, database) + " --single-transaction" +
                             statements({"CREATE SCHEMA IF NOT EXISTS " + sql_identifier(aside),
                                         fmt::format("ALTER TABLE IF EXISTS {} SET SCHEMA {}",
                                                     qualified(table), sql_identifier(aside))});
  const auto copy_back = [&](const std::string& option, const std::string& pattern) {
    const auto to = writing(model.cluster);
    return "pg_dump --format=custom " + option + "=" + shell_word(pattern) + " -d " +
           connect(model.cluster, commands.restored_name) + " \\\n  | " + to.environment +
           "pg_restore --exit-on-error --single-transaction -d " + connect(to.cluster, database);
  };
  commands.copy_table_back = copy_back("--table", qualified(table));
  commands.copy_schema_back = copy_back("--schema", sql_identifier(table.schema));
  commands.count_table = psql(model, database) + statements({count_sql({&table})});
  commands.restore_table_only =
      bkp(model,
          fmt::format("restore {} --db {} --table {} --into {}", shell_word(backup.manifest.label),
                      shell_word(database), shell_word(commands.table),
                      shell_word(backup::name_with_suffix(database, "_part"))) +
              with_identity(model, backup));
}

// pg_hba.conf and the package's defaults are of the major version: 150018 → 15, 90624 → 9.6.
std::string major_version(int version) {
  if (version >= 100000) return std::to_string(version / 10000);
  return fmt::format("{}.{}", version / 10000, version / 100 % 100);
}

void add_globals(ClusterCommands& commands, const RunbookModel& model) {
  const RunbookBackup* backup = model.newest();
  if (backup == nullptr) return;
  const backup::Part* part = backup->manifest.part("globals");
  if (part == nullptr) return;
  commands.globals_fetch = parts_of(model, *backup);
  commands.globals = unpack(model, commands.globals_fetch.directory, *part) + " \\\n  | " +
                     as_superuser(model, "psql -X -q -d " + connect(superuser(model), "postgres"));
}

}  // namespace

DatabaseCommands database_commands(const RunbookModel& model, const RunbookBackup& backup) {
  DatabaseCommands commands;
  const auto& database = backup.manifest.database.name;
  const std::string label = shell_word(backup.manifest.label);
  const std::string quoted = sql_identifier(database);
  const std::string name = shell_word(database);
  commands.restored_name = backup::name_with_suffix(database, "_restored");
  commands.old_name = backup::name_with_suffix(database, "_damaged");
  commands.stop_writes =
      superuser_psql_about(model, database) +
      statements({fmt::format("ALTER DATABASE {} SET default_transaction_read_only = on", quoted),
                  terminate_others(database)});
  commands.allow_writes =
      superuser_psql_about(model, database) +
      statements({fmt::format("ALTER DATABASE {} RESET default_transaction_read_only", quoted)});
  commands.list = bkp(model, "list --db " + name);
  commands.prove = bkp(model, fmt::format("verify {} --level checksum", label));
  const auto restore = [&](const std::string& rest) {
    return bkp(model, fmt::format("restore {} --db {} {}{}", label, name, rest,
                                  with_identity(model, backup)));
  };
  commands.restore_beside = restore("--into " + shell_word(commands.restored_name));
  commands.swap = restore("--swap --yes " + name);
  // initdb makes this one in every cluster.
  commands.restore_as_was = database == "postgres" ? commands.swap : restore("--into " + name);
  commands.count_restored = count_command(model, backup, commands.restored_name);
  const std::string new_for_old = rename(commands.restored_name, database);
  commands.switch_over =
      superuser_psql(model) + " --single-transaction" +
      statements({terminate_others(database), terminate_others(commands.restored_name),
                  rename(database, commands.old_name), new_for_old});
  commands.switch_missing = superuser_psql(model) + statements({new_for_old});
  add_table(commands, model, backup);
  add_stock(commands, model, backup);
  return commands;
}

ClusterCommands cluster_commands(const RunbookModel& model) {
  ClusterCommands commands;
  const std::string major = major_version(model.server_version);
  if (model.os_user != "root") {
    commands.become = "runuser -u " + shell_word(model.os_user) + " -- bash";
    commands.make_user = "getent passwd " + shell_word(model.os_user) +
                         " || adduser --system --group --home /var/lib/bkp --shell /bin/bash " +
                         shell_word(model.os_user);
    commands.give_stores = give_stores(model);
    commands.give_places = give_places(model);
  }
  commands.packages = fmt::format(
      "apt-get update && apt-get install --yes postgresql-{0} postgresql-client-{0} zstd{1}{2}{3}",
      major, any_sealed(model) ? " age" : "", any_store_is(model, "s3") ? " awscli" : "",
      any_store_is(model, "sftp") ? " openssh-client" : "");
  commands.create_cluster = fmt::format(
      "pg_lsclusters --no-header | grep -q . || pg_createcluster {0} main\n"
      "pg_lsclusters --no-header | grep -q online || pg_ctlcluster {0} main start",
      major);
  commands.write_config = write_config(model);
  commands.public_keys = install_public_keys(model);
  for (const auto& store : model.stores) {
    if (auto command = host_keys_command(store); !command.empty())
      commands.host_keys.push_back(std::move(command));
  }
  add_globals(commands, model);
  if (!model.role_is_superuser.value_or(false)) {
    const auto user = model.cluster.get("user").value_or(model.os_user);
    const auto alter = [&](const char* attribute) {
      return superuser_psql(model) +
             statements({fmt::format("ALTER ROLE {} {}", sql_identifier(user), attribute)});
    };
    commands.grant_superuser = alter("SUPERUSER");
    // Where the server could not be asked, the role may have been one before.
    if (model.role_is_superuser) commands.revoke_superuser = alter("NOSUPERUSER");
  }
  commands.init = bkp(model, "init");
  commands.take_over = bkp(model, "init --take-over --yes " + shell_word(model.site));
  for (const auto& store : model.stores) {
    commands.rebuild_catalog.push_back(
        bkp(model, "catalog rebuild --store " + shell_word(store.name)));
    if (model.stores.size() > 1)
      commands.fill_stores.push_back(bkp(model, "copy --to " + shell_word(store.name)));
  }
  commands.list = bkp(model, "list");
  commands.check = bkp(model, "check");
  commands.full = bkp(model, "full");
  return commands;
}

StoreCommands store_commands(const RunbookModel& model, const RunbookStore& lost,
                             const RunbookStore& other) {
  StoreCommands commands;
  for (const auto& database : model.databases) {
    if (!database.newest || !commands.restore_from_other.empty()) continue;
    if (std::ranges::find(database.newest->stores, other.name) == database.newest->stores.end()) {
      continue;
    }
    commands.restore_alone = restore_alone(model, *database.newest, other);
    commands.restore_from_other = bkp(
        model, fmt::format("restore {} --db {} --into {} --store {}",
                           shell_word(database.newest->manifest.label), shell_word(database.name),
                           shell_word(backup::name_with_suffix(database.name, "_restored")),
                           shell_word(other.name)) +
                   with_identity(model, *database.newest));
  }
  commands.copy = bkp(model, "copy --to " + shell_word(lost.name));
  commands.init = bkp(model, "init");
  if (!model.bases.empty()) commands.wal_check = bkp(model, "wal-check");
  commands.verify = bkp(model, "verify --all --level checksum --store " + shell_word(lost.name));
  commands.rebuild_catalog = bkp(model, "catalog rebuild --store " + shell_word(lost.name));
  return commands;
}

}  // namespace bkp::report
