#include "report/runbook_model.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <zstd.h>

#include "backup/site_file.hpp"
#include "backup/wal_need.hpp"
#include "config/parse.hpp"
#include "pg/connection.hpp"
#include "pg/roles.hpp"
#include "report/runbook_files.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::report {

namespace {

using backup::Layout;
using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

/// Debian's, where libpq looks when it is told nothing.
constexpr auto default_socket_directory = "/var/run/postgresql";
constexpr auto default_port = "5432";

// A run that was asked to end ends; every other trouble becomes a line of the page.
void note_problem(RunbookModel& model, const std::string& doing) {
  const Error error = util::current_error();
  if (error.kind() == ErrorKind::interrupted) throw error;
  model.problems.push_back(doing + ": " + error.full_message());
}

std::vector<std::string> stores_with(const BackupRecord& record, const RunbookModel& model,
                                     bool (catalog::CopyRecord::*condition)() const) {
  std::vector<std::string> result;
  for (const auto& store : model.stores) {
    const auto holds = [&](const catalog::CopyRecord& copy) {
      return copy.store == store.name && (copy.*condition)();
    };
    if (std::ranges::any_of(record.copies, holds)) result.push_back(store.name);
  }
  return result;
}

std::vector<std::string> store_texts(const BackupRecord& record, const RunbookModel& model) {
  auto result = stores_with(record, model, &catalog::CopyRecord::sound);
  for (const auto& name : stores_with(record, model, &catalog::CopyRecord::damaged)) {
    result.push_back(name + " (damaged)");
  }
  return result;
}

/// By the words of both: the page is made with the server down too.
bool same_server(const pg::Conninfo& one, const pg::Conninfo& other) {
  const auto place = [](const pg::Conninfo& conninfo) {
    auto host = conninfo.get("hostaddr").value_or(conninfo.get("host").value_or(""));
    if (host.empty()) host = default_socket_directory;
    return std::pair{host, conninfo.get("port").value_or(default_port)};
  };
  return place(one) == place(other);
}

void fill_site(RunbookModel& model, const run::Context& context) {
  const auto& config = context.config;
  model.site = config.site;
  model.generated_at = context.clock.now();
  model.host = util::host_name();
  model.os_user = util::user_name();
  model.config_file = config.file.string();
  model.files = needed_files(config);
  model.fetch_directory = (config.recover.scratch_directory / "fetched").string();
  // What runs make beside the spool, where that is not theirs, is theirs.
  const auto beside_spool = config.catalog.spool_directory.parent_path();
  for (const auto& directory :
       {config.catalog.spool_directory, beside_spool / "lock", beside_spool / "schedule",
        beside_spool / "notify", beside_spool / "exports", beside_spool / "replaced",
        beside_spool / "pages", beside_spool / "wal", config.recover.scratch_directory,
        config.runbook.path.value_or("").parent_path()}) {
    if (directory.is_absolute()) model.own_directories.push_back(directory.string());
  }
  model.data_directory = config.cluster.data_directory.value_or("").string();
  while (model.data_directory.size() > 1 && model.data_directory.ends_with('/'))
    model.data_directory.pop_back();
  model.server_programs = config.cluster.bin_directory.value_or("").string();
  model.cluster = context.cluster();
  model.bkp_version = util::version();
  model.zstd_version = ZSTD_versionString();
  if (const auto catalog = context.catalog_conninfo(); same_server(catalog, model.cluster))
    model.catalog_database = catalog.get("dbname").value_or("");
  for (const auto& file : config.encryption.identity_files)
    model.identity_files.push_back(file.string());
  model.identity_configured = !model.identity_files.empty();
  model.seals = !config.encryption.recipients.empty();
  if (!model.identity_configured) model.identity_files.emplace_back(identity_for_restores);
  try {
    model.public_keys = public_keys_for_new_host(config);
  } catch (...) {
    note_problem(model, "reading the keys of the configuration");
  }
  model.config_text = config::explain(for_new_host(config, model.public_keys));
  model.rpo = config.objectives.rpo;
  model.rto = config.objectives.rto;
  model.window = config.objectives.window;
  model.contacts = config.runbook.contacts;
  model.procedures = config.runbook.procedures;
  model.assets = config.assets;
}

void fill_stores(RunbookModel& model, const run::OpenedStores& opened,
                 const run::Context& context) {
  for (const auto& store : context.config.stores) {
    RunbookStore entry;
    entry.name = store.name;
    entry.url = store.url;
    entry.required = store.required;
    entry.s3 = store.s3;
    entry.sftp = store.sftp;
    try {
      entry.host_key_lines = host_key_lines(store, context.environment);
    } catch (...) {
      note_problem(model, fmt::format("reading the host's key of store {}", store.name));
    }
    for (const auto& failure : opened.failures) {
      if (failure.name == store.name) entry.problem = failure.error.full_message();
    }
    model.stores.push_back(std::move(entry));
  }
}

/// Returns the names of the cluster's databases; nullopt when it does not tell.
std::optional<std::set<std::string>> fill_server(RunbookModel& model, const run::Context& context) {
  try {
    auto connection = pg::Connection::open(model.cluster, context.interrupt);
    model.server_version = connection.server_version();
    model.role_is_superuser = pg::is_superuser(connection);
    if (model.data_directory.empty()) {
      // Not every role may ask.
      const auto row = connection.exec(
          "select setting from pg_catalog.pg_settings where name = 'data_directory'");
      if (row.rows() == 1) model.data_directory = row.single();
    }
    const auto rows = connection.exec("SELECT datname FROM pg_catalog.pg_database");
    std::set<std::string> names;
    for (int row = 0; row < rows.rows(); ++row) names.emplace(rows.text(row, 0));
    return names;
  } catch (...) {
    note_problem(model, "asking the server");
    return std::nullopt;
  }
}

// The backup as its manifest tells, from the first store that can show one.
std::optional<RunbookBackup> read(RunbookModel& model, const run::OpenedStores& opened,
                                  const Layout& layout, const BackupRecord& record) {
  RunbookBackup result;
  result.stores = stores_with(record, model, &catalog::CopyRecord::sound);
  result.damaged = stores_with(record, model, &catalog::CopyRecord::damaged);
  result.stores.insert(result.stores.end(), result.damaged.begin(), result.damaged.end());
  result.verified = record.verified;
  result.verified_at = record.verified_at;
  result.verification_error = record.verification_error();
  for (const auto& [name, required, store] : opened.stores) {
    if (std::ranges::find(result.stores, name) == result.stores.end()) continue;
    try {
      if (auto found = backup::read_backup(*store, layout, record.label)) {
        std::ranges::copy(found->marks.unreadable, std::back_inserter(model.problems));
        result.manifest = std::move(found->manifest);
        return result;
      }
      model.problems.push_back("the catalog names backup " + util::quoted(record.label) +
                               " on store " + util::quoted(name) + ", which does not have it");
    } catch (...) {
      note_problem(model, "reading backup " + util::quoted(record.label) + " on store " +
                              util::quoted(name));
    }
  }
  return std::nullopt;
}

using Records = std::vector<const BackupRecord*>;

/// Whoever only older backups are sealed for: the identities change seldom, so the oldest one that
/// is shown tells, and the last one that was verified.
void note_older_recipients(const RunbookDatabase& database, RunbookModel& model,
                           const run::OpenedStores& opened, const Layout& layout,
                           const Records& newest_first) {
  if (!database.newest) return;
  const auto& present = database.newest->manifest.recipients;
  const auto note = [&](const RunbookBackup& backup) {
    for (const auto& recipient : backup.manifest.recipients) {
      auto& older = model.older_recipients;
      if (std::ranges::find(present, recipient) == present.end() &&
          std::ranges::find(older, recipient) == older.end())
        older.push_back(recipient);
    }
  };
  if (database.last_verified) note(*database.last_verified);
  const auto& oldest = *newest_first[std::min(newest_first.size(), history_limit) - 1];
  if (oldest.label == database.newest->manifest.label) return;
  if (const auto backup = read(model, opened, layout, oldest)) note(*backup);
}

void fill_backups(RunbookDatabase& database, RunbookModel& model, const run::OpenedStores& opened,
                  const Layout& layout, const Records& newest_first) {
  for (const BackupRecord* record : newest_first) {
    if (!database.newest) {
      database.newest = read(model, opened, layout, *record);
      if (database.newest && record->verified) break;
    } else if (record->verified) {
      database.last_verified = read(model, opened, layout, *record);
      if (database.last_verified) break;
    }
  }
  note_older_recipients(database, model, opened, layout, newest_first);
  database.history_total = newest_first.size();
  for (const BackupRecord* record : newest_first) {
    if (database.history.size() == history_limit) break;
    const bool held = record->held_until && *record->held_until > model.generated_at;
    database.history.push_back(
        {record->label, record->started_at, record->size_bytes, record->verified, held,
         store_texts(*record, model),
         record->failed_verification() ? record->verified_at : std::nullopt});
  }
}

void fill_restore_times(RunbookModel& model, run::Context& context) {
  const auto verified = [](const RunbookDatabase& database) -> const RunbookBackup* {
    if (database.newest && database.newest->verified) return &*database.newest;
    return database.last_verified ? &*database.last_verified : nullptr;
  };
  if (std::ranges::none_of(model.databases, verified)) return;
  try {
    auto catalog = context.open_catalog();
    for (auto& database : model.databases) {
      const RunbookBackup* backup = verified(database);
      if (backup == nullptr) continue;
      std::optional<util::Time> latest;
      for (const auto& test : catalog.verifications(backup->manifest.label)) {
        if (!test.success || test.level == "checksum") continue;
        if (latest && test.finished_at < *latest) continue;
        latest = test.finished_at;
        database.restore_seconds = test.restore_duration_seconds;
        database.restore_measured_on = test.backup_label;
      }
    }
  } catch (...) {
    const Error error = util::current_error();
    const std::string doing = "asking the catalog for measured restore times";
    if (error.kind() != ErrorKind::database) return note_problem(model, doing);
    context.warn_of_outage(error, "the page is made without measured restore times");
    model.without_catalog = doing + ": " + error.full_message();
  }
}

RunbookBase base_of(const BackupRecord& record) {
  RunbookBase base;
  base.label = record.label;
  base.completed_at = record.completed_at.value_or(record.started_at);
  base.size_bytes = record.size_bytes;
  base.verified = record.verified;
  for (const auto& copy : record.copies) {
    if (copy.state == catalog::status::completed)
      base.stores.push_back(copy.store + (copy.damaged() ? " (damaged)" : ""));
  }
  return base;
}

void fill_databases(RunbookModel& model, run::Context& context, const run::OpenedStores& opened) {
  std::vector<BackupRecord> records;
  try {
    records = backup::list_backups(context, {});
  } catch (...) {
    note_problem(model, "listing the backups");
  }
  std::map<std::string, Records> by_database;
  for (const auto& name : context.config.databases.include) {
    if (util::is_literal_pattern(name)) by_database[name];
  }
  for (const auto& record : records) {
    if (record.good() && record.method == "dump" && record.database_name) {
      by_database[*record.database_name].push_back(&record);
    }
  }
  for (const auto& record : records) {
    if (backup::wal_need(record) && model.bases.size() < history_limit)
      model.bases.push_back(base_of(record));
  }
  const Layout layout{model.site};
  for (const auto& record : records) {
    if (model.configuration || !record.good() || record.method != "archive") continue;
    model.configuration = read(model, opened, layout, record);
  }
  for (const auto& [name, newest_first] : by_database) {
    RunbookDatabase database;
    database.name = name;
    fill_backups(database, model, opened, layout, newest_first);
    model.databases.push_back(std::move(database));
  }
}

/// Where Debian has what nobody said.
void fill_places(RunbookModel& model) {
  constexpr int major = 10000;
  const auto version = std::to_string(model.server_version / major);
  if (model.data_directory.empty())
    model.data_directory = "/var/lib/postgresql/" + version + "/main";
  if (model.server_programs.empty())
    model.server_programs = "/usr/lib/postgresql/" + version + "/bin";
}

}  // namespace

std::optional<std::string> RunbookStore::directory() const {
  if (store::scheme_of(url) != "file") return std::nullopt;
  std::string path = store::path_of_file_url(url).string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

const RunbookBackup* RunbookModel::newest() const {
  const RunbookBackup* result = nullptr;
  for (const auto& database : databases) {
    if (!database.newest) continue;
    if (result == nullptr || database.newest->manifest.label > result->manifest.label) {
      result = &*database.newest;
    }
  }
  return result;
}

std::string RunbookModel::newest_label() const {
  const RunbookBackup* backup = newest();
  std::string result = backup == nullptr ? "" : backup->manifest.label;
  for (const auto& base : bases) result = std::max(result, base.label);
  return result;
}

const RunbookStore* RunbookModel::store(const std::string& name) const {
  const auto found = std::ranges::find(stores, name, &RunbookStore::name);
  return found == stores.end() ? nullptr : &*found;
}

RunbookModel build_runbook_model(run::Context& context) {
  RunbookModel model;
  fill_site(model, context);
  const auto opened = backup::open_stores_of_site(context);
  fill_stores(model, opened, context);
  const auto present = fill_server(model, context);
  fill_databases(model, context, opened);
  for (auto& database : model.databases) {
    database.gone = present && !present->contains(database.name);
  }
  fill_restore_times(model, context);
  if (const RunbookBackup* backup = model.newest()) {
    model.dump_version = backup->manifest.dump_version;
    model.system_identifier = backup->manifest.system_identifier;
    if (model.server_version == 0) model.server_version = backup->manifest.server_version;
  }
  fill_places(model);
  return model;
}

RunbookModel for_database(const RunbookModel& model, const std::string& database) {
  RunbookModel result = model;
  std::erase_if(result.databases, [&](const auto& other) { return other.name != database; });
  return result;
}

}  // namespace bkp::report
