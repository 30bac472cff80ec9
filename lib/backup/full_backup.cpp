#include "backup/full_backup.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "backup/adoption.hpp"
#include "backup/backfill.hpp"
#include "backup/databases.hpp"
#include "backup/debris.hpp"
#include "backup/dump.hpp"
#include "backup/site_file.hpp"
#include "pg/roles.hpp"
#include "run/keys.hpp"
#include "util/advice.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

namespace status = catalog::status;

class FullRun {
 public:
  FullRun(run::Context& context, const FullRequest& request)
      : m_context{context}, m_request{request}, m_layout{context.config.site} {}

  FullResult run() {
    m_result.started_at = m_context.clock.now();
    prepare_job();
    if (m_request.dumps) prepare_dumps();
    open_targets();
    open_catalog();
    if (m_context.dry_run) {
      for (const auto& database : m_databases)
        m_result.items.emplace_back().record = new_record(database, status::pending);
      for (const auto& backup : m_request.of_cluster)
        m_result.items.emplace_back().record = new_record(backup, status::pending);
    } else {
      clear_debris();
      if (m_request.dumps) dump_all();
      for (const auto& backup : m_request.of_cluster) take(backup);
    }
    m_result.finished_at = m_context.clock.now();
    if (m_context.dry_run) {
      m_result.missing_copies = ask_for_missing_copies();
    } else {
      make_missing_copies();
    }
    return std::move(m_result);
  }

 private:
  void prepare_job() {
    if (m_request.server) {
      m_job.server_version = m_request.server->version;
      m_job.system_identifier = m_request.server->system_identifier;
    } else {
      m_job.cluster = m_context.cluster();
      auto connection = pg::Connection::open(m_job.cluster, m_context.interrupt);
      m_job.server_version = connection.server_version();
      m_job.system_identifier = system_identifier(connection);
    }
    m_job.format = {m_context.config.compression, run::recipients(m_context.config)};
    if (auto key = run::signing_key(m_context.config))
      m_job.signing_key = std::make_shared<const seal::SigningKey>(std::move(*key));
  }

  void prepare_dumps() {
    auto connection = pg::Connection::open(m_job.cluster, m_context.interrupt);
    m_superuser = pg::is_superuser(connection);
    auto tools = m_context.tools();
    m_job.pg_dump = tools.find("pg_dump", m_job.server_version);
    if (const auto version = tools.version_of(m_job.pg_dump))
      m_job.dump_version = pg::format_version(*version);
    m_databases = select_databases(connection, m_context.config.databases, m_request.databases,
                                   m_context.config.verify.database_prefix);
    if (m_request.databases.empty())
      m_result.missing = missing_databases(m_databases, m_context.config.databases);
    if (m_databases.empty()) {
      throw Error{ErrorKind::not_found, "no database of the cluster is to be backed up",
                  "`databases` in the configuration includes none of those the server has"};
    }
  }

  void open_targets() {
    auto opened = m_context.open_stores(m_request.stores);
    for (auto& named : opened.stores) {
      try {
        require_site_file(*named.store, m_layout, m_job.system_identifier);
        m_targets.push_back({named.name, named.required, named.store, std::nullopt});
        m_result.stores.push_back(named);
      } catch (const Error& error) {
        opened.failures.push_back({named.name, named.store->url(), named.required, error});
      }
    }
    m_closed = std::move(opened.failures);
    if (m_targets.empty()) throw m_closed.front().error;
    for (const auto& closed : m_closed) {
      m_context.warn(fmt::format("store {} gets no copy: {}", util::quoted(closed.name),
                                 util::with_hint(closed.error)));
    }
  }

  /// What the next run can make good does not keep this one from its backups.
  template <class Body>
  void attempt(std::string_view what, const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      m_context.warn(fmt::format("{}: {}", what, util::with_hint(error)));
    }
  }

  void clear_debris() {
    // Without the catalog there is no lock against other hosts: what looks like debris may be their
    // backup in the making.
    if (!m_catalog) {
      m_context.log.debug("what died runs left is not looked for without the catalog");
      return;
    }
    m_context.recorder.fail_abandoned_backups("the run died before the backup was complete");
    for (const auto& target : m_targets) {
      attempt(
          fmt::format("store {} was not cleared of what died runs left", util::quoted(target.name)),
          [&] { clear_debris(target); });
    }
    attempt("backups that are complete and count as failed were not looked for", [&] { adopt(); });
  }

  void clear_debris(const Target& target) {
    auto cleared = clear_remains(*target.store, m_layout, [&](const std::string& label) {
      return judge_remains(m_catalog->backup(label), target.name);
    });
    for (auto& message : cleared.left) m_context.warn(std::move(message));
    for (auto& label : cleared.removed) {
      m_context.log.info("removed from store {1} what an unfinished run left of {0}", label,
                         target.name);
      m_result.debris_removed.push_back(std::move(label));
    }
  }

  void adopt() {
    const run::OpenedStores stores{m_result.stores, m_closed};
    for (const auto& label : adopt_complete_backups(m_context, *m_catalog, stores, m_layout)) {
      m_context.log.info("backup {} is complete: only its run died before the catalog knew", label);
    }
  }

  /// One second later for each label that is taken, if only by a failed backup that left no object:
  /// labels name a backup for good.
  template <class... Names>
  std::string free_label(util::Time time, const Names&... names) {
    for (;; time += std::chrono::seconds{1}) {
      auto label = make_label(time, names...);
      if (!is_taken(label)) return label;
    }
  }

  bool is_taken(const std::string& label) {
    return is_in_catalog(label) ||
           std::ranges::any_of(m_targets, [&](const auto& target) { return is_on(target, label); });
  }

  bool is_in_catalog(const std::string& label) {
    if (!m_catalog) return false;
    try {
      return m_catalog->backup(label).has_value();
    } catch (const Error& error) {
      do_without_catalog(error);
      return false;
    }
  }

  bool is_on(const Target& target, const std::string& label) {
    try {
      return !target.store->list(m_layout.backup(label)).empty();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      // Writing the copy there will fail too, and says why.
      m_context.log.debug("{}", error.full_message());
      return false;
    }
  }

  void open_catalog() {
    // A dry run's recorder never is.
    if (!m_context.dry_run && !m_context.recorder.online()) return;
    try {
      m_catalog = m_context.open_catalog();
    } catch (const Error& error) {
      do_without_catalog(error);
    }
  }

  /// Then there is less to go by; the backup is taken all the same.
  void do_without_catalog(const Error& error) {
    if (error.kind() != ErrorKind::database) throw Error{error};
    m_catalog.reset();
    m_context.log.debug("the catalog is not asked any more: {}", error.message());
  }

  /// Of this run's backups first. Those of earlier ones must not keep the next run from its own for
  /// long: after the first none is begun when the backup window is over.
  void make_missing_copies() {
    std::set<std::string> failed;
    for (auto& item : m_result.items)
      catch_up(m_context, m_layout, item, m_result.stores, failed, m_result.brought);
    if (m_context.interrupt.signal() != 0) return;
    auto missing = ask_for_missing_copies();
    if (m_result.interrupted) return;
    attempt("copies that earlier runs could not make are still missing", [&] {
      auto filled = backfill(m_context, m_layout, m_result.stores, std::move(missing),
                             m_result.started_at + m_context.config.objectives.window);
      std::ranges::move(filled.brought, std::back_inserter(m_result.brought));
      m_result.missing_copies = std::move(filled.left);
      m_result.interrupted = std::move(filled.interrupted);
    });
  }

  std::vector<MissingCopy> ask_for_missing_copies() {
    std::vector<MissingCopy> missing;
    if (!m_catalog) return missing;
    try {
      missing = missing_copies(*m_catalog, m_result.stores, working_stores());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        m_result.interrupted = error;
      } else {
        do_without_catalog(error);
      }
    }
    std::erase_if(missing, [&](const auto& copy) { return is_of_this_run(copy.backup.label); });
    return missing;
  }

  /// Those that failed this run as well are not tried again by it.
  std::vector<run::NamedStore> working_stores() const {
    auto stores = m_result.stores;
    std::erase_if(stores, [&](const auto& store) {
      return std::ranges::any_of(m_result.items, [&](const auto& item) {
        return item.record.good() && item.record.copy_failed_on(store.name);
      });
    });
    return stores;
  }

  bool is_of_this_run(const std::string& label) const {
    return std::ranges::any_of(m_result.items,
                               [&](const auto& item) { return item.record.label == label; });
  }

  BackupRecord new_record(const DatabaseProperties& database, const char* state) {
    auto record = new_record(free_label(m_result.started_at, "full", database.name), state);
    record.backup_type = "full";
    record.method = "dump";
    record.database_name = database.name;
    return record;
  }

  BackupRecord new_record(const ClusterBackup& backup, const char* state) {
    // What is built on another sorts after it, also when that one's label is of a later second.
    auto time = backup.of.value_or(m_result.started_at);
    if (backup.parent_label) time = std::max(time, label_time(*backup.parent_label));
    auto record = new_record(free_label(time, backup.kind), state);
    record.backup_type = backup.backup_type;
    record.method = backup.method;
    record.parent_label = backup.parent_label;
    return record;
  }

  BackupRecord new_record(std::string label, const char* state) {
    BackupRecord record;
    record.label = std::move(label);
    record.destination = m_targets.front().store->url();
    record.file_path = m_layout.manifest(record.label).text();
    record.status = state;
    record.started_at = m_context.clock.now();
    record.triggered_by = m_context.triggered_by;
    for (const auto& target : m_targets)
      record.copies.push_back(new_copy(target.name, target.store->url(), state));
    for (const auto& closed : m_closed) {
      record.copies.push_back(new_copy(closed.name, closed.url, status::failed));
      record.copies.back().error_message = closed.error.full_message();
    }
    return record;
  }

  static catalog::CopyRecord new_copy(std::string store, std::string url, const char* state) {
    catalog::CopyRecord copy;
    copy.store = std::move(store);
    copy.url = std::move(url);
    copy.state = state;
    return copy;
  }

  void dump_all() {
    m_job.globals = dump_globals(m_context, m_job.cluster, m_job.server_version, m_superuser);
    std::uint64_t total = 0;
    for (const auto& database : m_databases)
      total += static_cast<std::uint64_t>(database.size_bytes);
    const auto what = m_databases.size() == 1 ? util::quoted(m_databases.front().name)
                                              : fmt::format("{} databases", m_databases.size());
    const run::ProgressStep step{m_context.progress, "dumping " + what, total};
    m_result.items.resize(m_databases.size());
    const auto wanted = static_cast<std::size_t>(
        std::max(1, std::min(m_context.config.full.jobs, m_context.config.limits.connections)));
    if (const auto workers = std::min(wanted, m_databases.size()); workers == 1) {
      dump_next_ones();
    } else {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < workers; ++i) threads.emplace_back([this] { dump_next_ones(); });
    }
  }

  void dump_next_ones() {
    for (std::size_t i = m_next++; i < m_databases.size(); i = m_next++) {
      try {
        dump_one(m_databases[i], m_result.items[i]);
      } catch (...) {
        m_result.items[i].error = util::current_error();
      }
    }
  }

  void dump_one(const DatabaseProperties& database, FullItem& item) {
    item.record.database_name = database.name;
    item.record.status = status::failed;
    m_context.interrupt.check();
    {
      const std::lock_guard lock{m_mutex};
      item.record = new_record(database, status::running);
      m_context.recorder.save_backup(item.record);
    }
    const auto began = m_context.clock.steady();
    const auto outcome =
        dump_database(m_context, m_job, m_layout, item.record.label, database, m_targets);
    item.took = m_context.clock.steady() - began;
    const std::lock_guard lock{m_mutex};
    finish(item, outcome);
  }

  void finish(FullItem& item, const Outcome& outcome) {
    complete(m_context, item, outcome, m_closed);
    m_context.recorder.save_backup(item.record);
    if (const auto id = m_context.recorder.backup_id(item.record.label)) item.record.id = *id;
  }

  void take(const ClusterBackup& backup) {
    auto& item = m_result.items.emplace_back();
    item.record.backup_type = backup.backup_type;
    item.record.method = backup.method;
    item.record.status = status::failed;
    try {
      m_context.interrupt.check();
      const auto began = m_context.clock.steady();
      item.record = new_record(backup, status::running);
      m_context.recorder.save_backup(item.record);
      const auto outcome = backup.take(m_job, item.record.label, m_targets);
      item.took = m_context.clock.steady() - began;
      finish(item, outcome);
    } catch (...) {
      item.error = util::current_error();
    }
  }

  run::Context& m_context;
  const FullRequest& m_request;
  Layout m_layout;
  DumpJob m_job;
  bool m_superuser = false;
  std::vector<DatabaseProperties> m_databases;
  std::vector<Target> m_targets;
  std::vector<run::StoreFailure> m_closed;
  std::optional<catalog::Catalog> m_catalog;
  FullResult m_result;
  std::atomic<std::size_t> m_next = 0;
  std::mutex m_mutex;  ///< guards the recorder and the context's warnings
};

}  // namespace

FullResult full_backup(run::Context& context, const FullRequest& request) {
  return FullRun{context, request}.run();
}

}  // namespace bkp::backup
