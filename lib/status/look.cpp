#include "status/look.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "backup/databases.hpp"
#include "backup/repository.hpp"
#include "pg/connection.hpp"
#include "retention/usage.hpp"
#include "schedule/schedule_table.hpp"
#include "status/failures.hpp"
#include "status/kinds.hpp"
#include "util/error.hpp"
#include "wal/archiver.hpp"

namespace bkp::status {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

// Cron calls run-due once a minute.
constexpr std::chrono::minutes overdue_after{15};
constexpr std::chrono::hours remembered{24 * 8};

class Look {
 public:
  explicit Look(run::Context& context) : m_context{context} {
    m_status.site = context.config.site;
    m_status.at = context.clock.now();
  }

  SiteStatus take() {
    ask_catalog();
    const auto backups = backup::list_backups(m_context, {});
    ask_server(backups);
    m_status.kinds =
        kinds_of(backups, m_databases, expectations(), m_context.config.status, m_status.at);
    ask_stores();
    add_objectives();
    return std::move(m_status);
  }

 private:
  template <class Body>
  std::string problem_of(const Body& body) {
    try {
      body();
      return {};
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      return error.message();
    }
  }

  void ask_catalog() {
    m_status.catalog_problem = problem_of([&] {
      auto catalog = m_context.open_catalog();
      ask_runs(catalog);
      ask_schedules(catalog);
      ask_assets(catalog);
      for (const auto& store : m_context.config.stores) {
        auto samples = catalog.usage_history(store.name, m_status.at - retention::forecast_window);
        if (!samples.empty()) m_usage[store.name] = std::move(samples.back());
      }
    });
  }

  void ask_runs(catalog::Catalog& catalog) {
    m_status.failures = failures_in(catalog, m_status.at);
    const auto running = catalog.connection().exec(
        "SELECT DISTINCT command FROM runs WHERE status IN ('pending', 'running') "
        "AND started_at > now() - interval '1 day'");
    for (int row = 0; row < running.rows(); ++row) m_running.emplace(running.text(row, 0));
    const auto window = catalog.connection().exec(
        "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM runs "
        "WHERE command IN ('full', 'incr') AND status IN ('completed', 'partial') "
        "AND finished_at IS NOT NULL AND started_at > now() - interval '8 days' "
        "ORDER BY 1 DESC LIMIT 1");
    if (window.rows() > 0) m_window = window.number(0, 0);
    const auto restore = catalog.connection().exec(
        "SELECT max(seconds)::float8 FROM (SELECT DISTINCT ON (b.method, b.database_name) "
        "v.restore_duration_seconds AS seconds FROM verifications v "
        "JOIN backups b ON b.id = v.backup_id "
        "WHERE v.success AND v.restore_duration_seconds > 0 "
        "AND v.finished_at > now() - interval '90 days' "
        "ORDER BY b.method, b.database_name, v.id DESC) AS last");
    if (restore.rows() > 0 && !restore.is_null(0, 0)) m_restore = restore.number(0, 0);
  }

  void ask_schedules(catalog::Catalog& catalog) {
    for (const auto& one : schedule::ScheduleTable{catalog.connection()}.all()) {
      if (!one.enabled) continue;
      const bool overdue = one.next_run_at && *one.next_run_at + overdue_after < m_status.at;
      m_status.schedules.push_back(
          {one.id, one.command, one.last_run_at, one.next_run_at, overdue});
    }
    std::ranges::stable_sort(m_status.schedules, [](const Schedule& a, const Schedule& b) {
      if (!a.next_run_at || !b.next_run_at) return a.next_run_at.has_value();
      return *a.next_run_at < *b.next_run_at;
    });
  }

  void ask_assets(catalog::Catalog& catalog) {
    if (m_context.config.assets.empty()) return;
    const auto known = catalog.asset_counts();
    for (const auto& section : m_context.config.assets) {
      auto& assets = m_status.assets.emplace_back();
      assets.name = section.name;
      assets.ages = m_context.config.status.ages_of("assets");
      const auto counts = std::ranges::find(known, section.name, &catalog::AssetCounts::section);
      if (counts != known.end()) assets.counts = *counts;
    }
  }

  void ask_server(const std::vector<BackupRecord>& backups) {
    std::optional<wal::Archiver> archiver;
    const auto problem = problem_of([&] {
      auto server = pg::Connection::open(m_context.cluster(), m_context.interrupt);
      for (const auto& database : backup::select_databases(server, m_context.config.databases, {},
                                                           m_context.config.verify.database_prefix))
        m_databases.push_back(database.name);
      archiver = wal::ask_archiver(server);
    });
    m_status.server_problem = problem;
    if (m_databases.empty()) m_databases = databases_in(backups);
    if (!problem.empty()) {
      // Whether the site archives is for the server to say; base backups are made where it does.
      const auto is_physical = [](const BackupRecord& backup) {
        return backup.good() && (backup.method == "base" || backup.method == "pages");
      };
      if (std::ranges::any_of(backups, is_physical)) m_status.archive.emplace().problem = problem;
    } else if (archiver && archiver->mode != "off") {
      m_status.archive = archive_of(*archiver);
    }
  }

  /// Those of the last week of dumps: what was dropped long ago is not missed.
  static std::vector<std::string> databases_in(const std::vector<BackupRecord>& newest_first) {
    std::set<std::string> names;
    std::optional<Time> newest;
    for (const auto& backup : newest_first) {
      if (!backup.database_name || !backup.good()) continue;
      if (!newest) newest = backup.started_at;
      if (backup.started_at + remembered >= *newest) names.insert(*backup.database_name);
    }
    return {names.begin(), names.end()};
  }

  Archive archive_of(const wal::Archiver& archiver) const {
    Archive archive;
    archive.failing = archiver.failing();
    archive.lag = archiver.lag(m_status.at);
    archive.waiting = archiver.waiting;
    archive.last_archived = archiver.last_archived;
    archive.last_archived_at = archiver.last_archived_at;
    const auto rpo = m_context.config.objectives.rpo;
    if (archive.failing || !archive.lag || *archive.lag > 2 * rpo) {
      archive.level = Level::red;
    } else {
      archive.level = *archive.lag > rpo ? Level::yellow : Level::green;
    }
    return archive;
  }

  /// What the configuration and the schedules make.
  Expectations expectations() const {
    Expectations expected;
    expected.running = m_running;
    for (const auto& method : m_context.config.full.method) expected.kinds.insert(method);
    if (!m_context.config.export_sections.empty()) expected.kinds.emplace("config");
    for (const auto& one : m_status.schedules) {
      if (one.command.starts_with("incr")) expected.kinds.emplace("incremental");
      if (one.command.starts_with("full --method base")) expected.kinds.emplace("base");
      if (one.command.starts_with("full --method dump")) expected.kinds.emplace("dump");
      if (one.command.starts_with("full --method all")) expected.kinds.insert({"base", "dump"});
    }
    return expected;
  }

  void ask_stores() {
    const backup::Layout layout{m_context.config.site};
    const auto opened = m_context.open_stores();
    for (const auto& wanted : m_context.config.stores) {
      Store store;
      store.name = wanted.name;
      store.required = wanted.required;
      if (const auto usage = m_usage.find(wanted.name); usage != m_usage.end()) {
        store.usage = usage->second;
        store.is_counted = true;
      }
      const auto failure =
          std::ranges::find(opened.failures, wanted.name, &run::StoreFailure::name);
      if (failure != opened.failures.end()) store.problem = failure->error.message();
      const auto there = std::ranges::find(opened.stores, wanted.name, &run::NamedStore::name);
      if (there != opened.stores.end()) {
        store.problem = problem_of([&] {
          if (!there->store->stat(layout.site_file())) {
            throw Error{ErrorKind::store, "it does not hold this site"};
          }
          const auto page = there->store->stat(layout.runbook());
          if (page && !m_status.runbook_at) m_status.runbook_at = page->modified;
          note_space(store, *there, wanted);
        });
      }
      judge(store);
      m_status.stores.push_back(std::move(store));
    }
  }

  /// The space now, where it is not counted object by object.
  void note_space(Store& store, const run::NamedStore& there, const config::Store& wanted) const {
    const auto space = there.store->space();
    if (!space || wanted.capacity) return;
    if (!store.usage) {
      store.usage.emplace();
      store.usage->store = wanted.name;
      store.usage->url = there.store->url();
    }
    store.usage->capacity_bytes = static_cast<std::int64_t>(space->capacity);
    store.usage->available_bytes = static_cast<std::int64_t>(space->available);
    store.usage->sampled_at = m_status.at;
  }

  void judge(Store& store) const {
    if (!store.problem.empty()) {
      store.level = store.required ? Level::red : Level::yellow;
      return;
    }
    const auto full = store.usage ? retention::fullness(*store.usage) : std::nullopt;
    if (full >= retention::nearly_full) {
      store.level = Level::red;
    } else if (full >= m_context.config.status.capacity_alert) {
      store.level = Level::yellow;
    }
  }

  void add_objectives() {
    const auto& wanted = m_context.config.objectives;
    Objective rpo{"rpo", wanted.rpo, {}, {}};
    if (m_status.archive && m_status.archive->lag) {
      rpo.measured_seconds = static_cast<double>(m_status.archive->lag->count());
      rpo.how = "how far the archive of WAL is behind";
    } else {
      for (const auto& kind : m_status.kinds) {
        if (!kind.good || kind.kind != "dump") continue;
        const auto age = std::chrono::duration<double>(m_status.at - kind.good->at).count();
        rpo.measured_seconds = std::max(rpo.measured_seconds.value_or(0), age);
        rpo.how = "age of the oldest of the newest dumps";
      }
    }
    Objective rto{"rto", wanted.rto, m_restore, "the longest of the last test restores"};
    Objective window{"window", wanted.window, m_window, "the longest backup run of 8 days"};
    m_status.objectives.push_back(std::move(rpo));
    // What was measured stands in the catalog.
    if (!m_status.catalog_problem.empty()) return;
    m_status.objectives.push_back(std::move(rto));
    m_status.objectives.push_back(std::move(window));
  }

  run::Context& m_context;
  SiteStatus m_status;
  std::vector<std::string> m_databases;
  std::set<std::string> m_running;  ///< commands
  std::map<std::string, catalog::StoreUsage> m_usage;
  std::optional<double> m_window;
  std::optional<double> m_restore;
};

}  // namespace

SiteStatus look(run::Context& context) {
  return Look{context}.take();
}

}  // namespace bkp::status
