#include "command/pitr_restore.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "recover/cluster_restore.hpp"
#include "recover/pitr_plan.hpp"
#include "recover/recovery_server.hpp"
#include "recover/reused_directory.hpp"
#include "recover/scratch_cluster.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using recover::RecoveryTarget;
using util::Error;
using util::ErrorKind;

namespace {

RecoveryTarget target_of(const PitrRestoreOptions& options) {
  RecoveryTarget target;
  target.inclusive = !options.exclusive;
  target.timeline = options.timeline;
  if (options.immediate) target.kind = RecoveryTarget::Kind::immediate;
  if (!options.target_time.empty()) {
    target.kind = RecoveryTarget::Kind::time;
    target.time = util::parse_time(options.target_time);
  }
  if (!options.target_lsn.empty()) {
    target.kind = RecoveryTarget::Kind::lsn;
    const auto lsn = pg::parse_lsn(options.target_lsn);
    if (!lsn) {
      throw Error{ErrorKind::usage, fmt::format("{} is no LSN", util::quoted(options.target_lsn)),
                  "write it as PostgreSQL does: 16/B374D848"};
    }
    target.lsn = *lsn;
  }
  if (options.target_xid != 0) {
    target.kind = RecoveryTarget::Kind::transaction;
    target.transaction = options.target_xid;
  }
  if (!options.target_name.empty()) {
    target.kind = RecoveryTarget::Kind::name;
    target.name = options.target_name;
  }
  const bool on_either_side = target.kind == RecoveryTarget::Kind::time ||
                              target.kind == RecoveryTarget::Kind::lsn ||
                              target.kind == RecoveryTarget::Kind::transaction;
  if (options.exclusive && !on_either_side) {
    throw Error{
        ErrorKind::usage, "--exclusive is for a time, an LSN or a transaction",
        "a restore point, the end of the backup and that of the archive have no other side"};
  }
  return target;
}

std::map<std::string, std::string> tablespaces_of(const PitrRestoreOptions& options) {
  std::map<std::string, std::string> moved;
  for (const auto& text : options.tablespaces) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0 || equals + 1 == text.size() || text[0] != '/' ||
        text[equals + 1] != '/') {
      throw Error{ErrorKind::usage, fmt::format("{} maps no tablespace", util::quoted(text)),
                  "write --tablespace-map /OLD/DIRECTORY=/NEW/DIRECTORY"};
    }
    moved[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return moved;
}

class Pitr {
 public:
  Pitr(const PitrRestoreOptions& options, run::Context& context)
      : m_options{options}, m_context{context} {}

  cli::Report run() {
    require_sense();
    m_plan =
        recover::plan_recovery(m_context, {target_of(m_options), m_options.backup, m_options.store},
                               reading_keys(m_options.keys, m_context));
    report_plan();
    if (m_options.preview) return std::move(m_report);
    m_plan.chain.require_keys();
    choose_place();
    try {
      restore();
      if (m_options.start || rehearsal()) start();
    } catch (const Error& error) {
      give_up();
      if (error.kind() != ErrorKind::damaged || !error.hint().empty()) throw;
      throw advised(error);
    } catch (...) {
      give_up();
      throw;
    }
    record("pitr-restore");
    return std::move(m_report);
  }

 private:
  /// --dry-run: everything, in scratch space, and nothing of it stays.
  bool rehearsal() const { return m_context.dry_run; }

  void require_sense() const {
    if (!m_options.delta || (!rehearsal() && !m_options.preview)) return;
    throw Error{ErrorKind::usage,
                "--delta is for a directory that is written to, and neither --preview nor "
                "--dry-run writes to one",
                "leave one of them out"};
  }

  void choose_place() {
    if (rehearsal()) {
      recover::ScratchPlace::clear_leftovers(m_context);
      m_scratch.emplace(m_context, m_plan.chain);
      m_place = m_scratch->place();
      m_server = &m_scratch->server();
      return;
    }
    m_place.tablespaces = tablespaces_of(m_options);
    if (m_options.to.empty()) {
      throw Error{ErrorKind::usage, "--to is missing: the new data directory",
                  "name a directory that is not there yet, or --dry-run or --preview"};
    }
    m_place.data = std::filesystem::absolute(m_options.to);
    if (m_options.delta) {
      m_reuse = recover::require_reusable(m_place, m_plan.chain);
      if (m_reuse) confirm();
    } else {
      recover::require_free(m_place, m_plan.chain);
    }
    if (!m_options.start) return;
    recover::ScratchPlace::clear_leftovers(m_context);
    m_socket = recover::new_socket_directory(m_context);
    m_server = &m_own.emplace(m_context,
                              recover::server_programs(m_context, m_plan.manifest().server_version),
                              m_place.data, m_socket);
  }

  void confirm() {
    m_confirmation = run::require_confirmation(
        m_context.terminal, m_context.config.site, m_options.yes,
        fmt::format("{}The cluster in {} becomes what it was at {}: what it has and the backup has "
                    "not is removed.",
                    m_report.text, util::quoted(m_place.data.string()),
                    recover::describe(m_plan.target)));
  }

  void restore() {
    const int jobs = m_options.jobs > 0 ? m_options.jobs : m_context.config.full.jobs;
    const auto restored = recover::restore_cluster(m_context, m_plan.chain, m_place, jobs, m_reuse);
    recover::prepare_recovery(
        m_context, m_place.data,
        {m_plan.target,
         m_plan.timeline,
         m_plan.cut_off ? m_plan.last_segment : std::string{},
         m_options.promote,
         {m_options.keys.identity_files.begin(), m_options.keys.identity_files.end()}});
    m_report.bytes = restored.bytes;
    m_report.result["directory"] = m_place.data.string();
    m_report.result["restore"] = {{"bytes", restored.bytes},
                                  {"reused_bytes", restored.reused},
                                  {"files", restored.files},
                                  {"seconds", restored.took.count()}};
    m_report.text +=
        fmt::format("restored {} in {} files to {} in {}\n", util::format_size(restored.bytes),
                    restored.files, m_place.data.string(), util::format_duration(restored.took));
    if (m_reuse) {
      m_report.text +=
          fmt::format("{} of these were there already\n", util::format_size(restored.reused));
    }
    if (m_server == nullptr) {
      m_report.text += fmt::format(
          "next: start the server on {}, which then recovers to {}. It archives nothing until `bkp "
          "wal-setup`.\n",
          m_place.data.string(), recover::describe(m_plan.target));
    }
  }

  void start() {
    const auto began = m_context.clock.steady();
    m_server->start();
    m_started = true;
    auto reached = m_server->wait_for_target();
    if (m_options.promote) {
      m_server->promote();
      reached.paused = false;
    }
    report_reached(reached, m_context.clock.steady() - began);
    if (rehearsal()) {
      m_report.text += "a rehearsal: all of it is removed again\n";
      return;
    }
    const auto psql = fmt::format("psql -h {} -p 5432", util::shell_quoted(m_socket.string()));
    m_report.result["socket"] = m_socket.string();
    m_report.text += fmt::format("look: {}\n", psql);
    if (reached.paused) {
      m_report.text += fmt::format("accept: {} -c 'select pg_promote()'\n", psql);
    }
    m_report.text +=
        "then stop it, and start it as the cluster's server; `bkp wal-setup` lets it "
        "archive again\n";
  }

  json chain_labels() const {
    auto labels = json::array();
    for (const auto& sources : m_plan.chain.backups)
      labels.push_back(sources.front().manifest().label);
    return labels;
  }

  std::string built_on_text() const {
    const auto& backups = m_plan.chain.backups;
    if (backups.size() == 1) return {};
    const auto& full = backups.back().front().manifest().label;
    if (backups.size() == 2) return fmt::format(" on {}", full);
    return fmt::format(" on {} others down to {}", backups.size() - 1, full);
  }

  void report_plan() {
    const auto& physical = *m_plan.manifest().physical;
    const auto& newest = m_plan.newest;
    m_report.result = {
        {"target", recover::describe(m_plan.target)},
        {"backup", m_plan.backup.label},
        {"backup_stopped_at", util::format_rfc3339(physical.stopped_at)},
        {"verified", m_plan.backup.verified},
        {"timeline", m_plan.timeline},
        {"first_segment", m_plan.first_segment},
        {"last_segment", m_plan.last_segment},
        {"segments", m_plan.segments},
        {"wal_bytes", m_plan.wal_bytes},
        {"backup_bytes", m_plan.chain.stored_bytes()},
        {"chain", chain_labels()},
        {"reaches", newest ? json(util::format_rfc3339(newest->time)) : json(nullptr)},
        {"reaches_lsn", newest ? json(pg::to_text(newest->start)) : json(nullptr)},
        {"commits_after", m_plan.commits_after ? json(*m_plan.commits_after) : json(nullptr)}};
    m_report.text = fmt::format(
        "target    {}\nbackup    {}{}, {}, {} stored\nWAL       {} to {} on timeline {}: {} "
        "segments, {} stored\n",
        recover::describe(m_plan.target), m_plan.backup.label, built_on_text(),
        m_plan.backup.verified ? "verified" : "never verified",
        util::format_size(m_plan.chain.stored_bytes()), m_plan.first_segment, m_plan.last_segment,
        m_plan.timeline, m_plan.segments, util::format_size(m_plan.wal_bytes));
    if (newest) {
      m_report.text +=
          fmt::format("reaches   the {} of {}, LSN {}\n",
                      newest->kind == pg::WalEvent::Kind::restore_point ? "restore point"
                                                                        : "end of the transaction",
                      util::format_rfc3339(newest->time), pg::to_text(newest->start));
    }
    if (m_plan.commits_after) {
      m_report.text +=
          fmt::format("lost      {} transactions in the archive come after the target\n",
                      *m_plan.commits_after);
    }
  }

  void report_reached(const recover::Reached& reached, std::chrono::duration<double> took) {
    auto& result = m_report.result["recovery"];
    result = {{"seconds", took.count()},
              {"lsn", pg::to_text(reached.lsn)},
              {"time", reached.time ? json(util::format_rfc3339(*reached.time)) : json(nullptr)},
              {"timeline", reached.timeline},
              {"paused", reached.paused},
              {"distance_seconds", nullptr}};
    m_report.text += fmt::format(
        "recovered in {} to LSN {}, {}{}\n", util::format_duration(took), pg::to_text(reached.lsn),
        reached.time ? "the last transaction of " + util::format_rfc3339(*reached.time)
                     : std::string{"no transaction since the backup"},
        reached.paused ? "; paused" : "; promoted");
    if (m_plan.target.kind != RecoveryTarget::Kind::time || !reached.time) return;
    const std::chrono::duration<double> distance = m_plan.target.time - *reached.time;
    result["distance_seconds"] = distance.count();
    m_report.text += fmt::format("that is {} before the target\n", util::format_duration(distance));
  }

  void record(const std::string& action) {
    m_context.recorder.audit(
        {action, m_place.data.string(), m_confirmation, m_report.result, m_context.clock.now()});
  }

  /// What failed is left stopped, to be looked at, with the server's log beside its socket.
  void give_up() {
    record("pitr-restore.failed");
    stop_failed();
  }

  /// Of damage, which says nothing of the way on.
  Error advised(const Error& error) const {
    std::string hint =
        "`bkp list` shows other backups, for --backup; --store names another copy of this one";
    if (!rehearsal()) {
      hint += fmt::format("; {} is not whole: remove it, or go on there with --delta",
                          util::quoted(m_place.data.string()));
    }
    return error.reworded(error.message(), std::move(hint));
  }

  void stop_failed() noexcept {
    if (m_started && !rehearsal()) m_server->stop();
  }

  const PitrRestoreOptions& m_options;
  run::Context& m_context;
  recover::PitrPlan m_plan;
  recover::ClusterPlace m_place;
  bool m_reuse = false;  ///< the place holds a copy of the cluster
  std::string m_confirmation;
  std::filesystem::path m_socket;
  std::optional<recover::ScratchCluster> m_scratch;  ///< of a rehearsal
  std::optional<recover::RecoveryServer> m_own;      ///< otherwise
  recover::RecoveryServer* m_server = nullptr;       ///< the one of them that there is
  bool m_started = false;
  cli::Report m_report;
};

std::string check_time(const std::string& text) {
  try {
    util::parse_time(text);
    return {};
  } catch (const Error& error) {
    return error.message() + "; " + error.hint();
  }
}

std::string check_timeline(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && number > 0;
  return is_number || text == "latest" || text == "current"
             ? ""
             : util::quoted(text) + " is none of latest, current, or a number";
}

}  // namespace

void define(CLI::App& app, PitrRestoreOptions& options) {
  app.add_option("--to", options.to, "the new data directory")->type_name("DIR");
  auto* target = app.add_option_group("target", "where to end");
  target->add_option("--target-time", options.target_time, "a time, like 2026-11-27T03:00:00Z")
      ->check(check_time)
      ->type_name("TIME");
  target->add_option("--target-lsn", options.target_lsn, "a place in the WAL")->type_name("LSN");
  target->add_option("--target-xid", options.target_xid, "a transaction")
      ->check(CLI::PositiveNumber)
      ->type_name("XID");
  target->add_option("--target-name", options.target_name, "a restore point")->type_name("NAME");
  target->add_flag("--latest", options.latest, "the end of the archive");
  target->add_flag("--immediate", options.immediate, "as soon as the backup is consistent");
  target->require_option(1);
  app.add_flag("--exclusive", options.exclusive, "end just before the target, not just after");
  app.add_option("--timeline", options.timeline, "latest, current (the backup's), or a number")
      ->check(check_timeline)
      ->type_name("TIMELINE");
  app.add_option("--backup", options.backup,
                 "recover from this one; default: the newest that ends before the target")
      ->type_name("ID");
  app.add_option("--store", options.store, "read the backup on this store")->type_name("NAME");
  app.add_option("--tablespace-map", options.tablespaces,
                 "put the tablespace that was in OLD into NEW; may be given several times")
      ->type_name("OLD=NEW")
      ->allow_extra_args(false);
  app.add_flag("--start", options.start,
               "start the server on a private socket and wait until it is at the target");
  app.add_flag("--promote", options.promote,
               "let it accept writes there; else it pauses (with --latest it always does)");
  app.add_flag("--delta", options.delta,
               "the directory holds a copy of the cluster: write only what differs");
  app.add_option("--yes", options.yes, "the site's name, in place of typing it")->type_name("SITE");
  define_identities(app, options.keys);
  app.add_flag("--preview", options.preview, "say what would be done, and what would be lost");
  app.add_option("--jobs", options.jobs, "parts at once; default: full.jobs")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
}

cli::Report run(const PitrRestoreOptions& options, run::Context& context) {
  return Pitr{options, context}.run();
}

}  // namespace bkp::command
