#include "catalog/recorder.hpp"

#include <unistd.h>
#include <map>
#include <utility>

#include "catalog/abandoned.hpp"
#include "catalog/apply.hpp"
#include "catalog/process_identity.hpp"
#include "catalog/session.hpp"
#include "catalog/spool.hpp"
#include "catalog/time_text.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

using nlohmann::json;
using util::Error;

struct Recorder::State {
  State(Settings the_settings, const util::Clock& the_clock, util::Log& the_log,
        const util::Interrupt& the_interrupt)
      : settings{std::move(the_settings)},
        clock{the_clock},
        log{the_log},
        interrupt{the_interrupt},
        run_key{settings.scheduled ? settings.scheduled->run_key : util::random_uuid()},
        spool{settings.spool_directory, run_key} {}

  Settings settings;
  const util::Clock& clock;
  util::Log& log;
  const util::Interrupt& interrupt;

  // Never requested: the row of an interrupted run is closed too.
  util::Interrupt undisturbed;
  std::string run_key;
  SpoolWriter spool;
  std::optional<pg::Connection> session;
  bool tried = false;
  bool warned = false;
  std::string why_offline;
  json run = json::object();  // empty until the run is opened
  std::optional<Event> opened;
  std::optional<std::int64_t> run_id;
  std::map<std::string, std::int64_t> backup_ids;

  bool connect();
  void go_offline(const Error& error);
  std::optional<std::int64_t> record(const char* kind, const json& data);
  void to_spool(const Event& event);
  void warn_once();
  void say_failed(const std::vector<std::string>& labels);
  void deliver(const std::filesystem::path& path, std::size_t& applied);
  void try_to_close_abandoned_runs();
};

bool Recorder::State::connect() {
  tried = true;
  try {
    session = open_session(settings.conninfo, settings.schema, undisturbed);
    session->exec("SET lock_timeout = '10s'; SET statement_timeout = '60s'");
  } catch (const Error& error) {
    go_offline(error);
  }
  return session.has_value();
}

void Recorder::State::go_offline(const Error& error) {
  session.reset();
  why_offline = error.message();
  // Of a server that does not answer the message says enough, and the command itself may say more.
  const auto* refusal = dynamic_cast<const pg::DatabaseError*>(&error);
  const bool answered = refusal == nullptr || !refusal->sqlstate().empty();
  if (answered && !error.hint().empty()) why_offline += "; " + error.hint();
}

std::optional<std::int64_t> Recorder::State::record(const char* kind, const json& data) {
  if (run.empty()) return std::nullopt;
  const auto event = Event::make(run_key, kind, data);
  if (event.kind == kind::run_opened) opened = event;
  if (!tried) connect();
  if (session) {
    try {
      return apply(*session, event).id;
    } catch (const Error& error) {
      go_offline(error);
    }
  }
  to_spool(event);
  return std::nullopt;
}

void Recorder::State::to_spool(const Event& event) {
  try {
    // A catalog that comes back after a crash may have lost the run's row: its file tells all.
    if (spool.empty() && opened && event.id != opened->id) spool.append(*opened);
    spool.append(event);
  } catch (const Error& error) {
    log.error("cannot record this run: no catalog ({}), and no spool: {}", why_offline,
              error.full_message());
    return;
  }
  if (event.kind != kind::run_opened) warn_once();
}

void Recorder::State::warn_once() {
  if (std::exchange(warned, true)) return;
  log.warning("the catalog cannot be reached ({}): this run is noted in {} and entered later",
              why_offline, spool.path().string());
}

Recorder::Recorder(Settings settings, const util::Clock& clock, util::Log& log,
                   const util::Interrupt& interrupt)
    : m_state{std::make_unique<State>(std::move(settings), clock, log, interrupt)} {}

Recorder::~Recorder() = default;

void Recorder::open_run(RunRecord run) {
  if (run.started_at == Time{}) run.started_at = m_state->clock.now();
  run.status = status::running;
  if (const auto& scheduled = m_state->settings.scheduled) {
    run.schedule_id = scheduled->schedule_id;
    run.due_at = scheduled->due_at;
  }
  m_state->run = to_json(run);
  auto data = m_state->run;
  if (run.pid == ::getpid())
    data["process_identity"] = ProcessIdentity::of_this_process().to_json();
  m_state->run_id = m_state->record(kind::run_opened, data);
}

void Recorder::close_run(Time finished_at, const std::string& status, int exit_code,
                         const std::string& error_message, std::int64_t bytes) {
  m_state->record(kind::run_closed,
                  {{"finished_at", time_text(finished_at)},
                   {"status", status == "ok" ? status::completed : status},
                   {"exit_code", exit_code},
                   {"error_message", error_message.empty() ? json() : json(error_message)},
                   {"bytes", bytes}});
}

void Recorder::save_backup(const BackupRecord& backup) {
  if (const auto id = m_state->record(kind::backup_saved, to_json(backup))) {
    m_state->backup_ids[backup.label] = *id;
  }
}

void Recorder::import_backup(const BackupRecord& backup) {
  if (const auto id = m_state->record(kind::backup_imported, to_json(backup))) {
    m_state->backup_ids[backup.label] = *id;
  }
}

void Recorder::save_verification(const VerificationRecord& verification) {
  m_state->record(kind::verified, to_json(verification));
}

void Recorder::set_hold(const std::string& label, std::optional<Time> until,
                        const std::string& reason) {
  m_state->record(kind::hold_set, {{"label", label},
                                   {"held_until", until ? json(time_text(*until)) : json()},
                                   {"hold_reason", reason.empty() ? json() : json(reason)}});
}

void Recorder::mark_purged(const std::string& label, const std::string& store, Time at) {
  m_state->record(kind::copy_purged, {{"label", label}, {"store", store}, {"at", time_text(at)}});
}

void Recorder::complete_backup(const std::string& label, const std::vector<std::string>& required) {
  m_state->record(kind::copies_made, {{"label", label}, {"required", required}});
}

void Recorder::confirm_export(const std::string& label, Time at) {
  m_state->record(kind::export_confirmed, {{"label", label}, {"at", time_text(at)}});
}

void Recorder::save_usage(const StoreUsage& usage) {
  m_state->record(kind::usage_sampled, to_json(usage));
}

void Recorder::save_asset_checks(const std::string& section, std::span<const AssetCheck> checks) {
  auto assets = json::array();
  for (const auto& check : checks) assets.push_back(to_json(check));
  m_state->record(kind::assets_checked, {{"name", section}, {"assets", std::move(assets)}});
}

void Recorder::drop_assets(const std::string& section,
                           std::optional<std::vector<std::string>> paths) {
  json data{{"name", section}};
  if (paths) data["paths"] = *paths;
  m_state->record(kind::assets_dropped, data);
}

void Recorder::audit(const AuditRecord& record) {
  auto data = to_json(record);
  if (record.at == Time{}) data["at"] = time_text(m_state->clock.now());
  for (const char* who : {"user_name", "host"}) data[who] = m_state->run.value(who, json());
  m_state->record(kind::audited, data);
}

void Recorder::fail_abandoned_backups(const std::string& reason) {
  auto& state = *m_state;
  if (!state.session) return;
  try {
    state.say_failed(catalog::fail_abandoned_backups(*state.session, state.run_key, reason));
  } catch (const Error& error) {
    state.go_offline(error);
  }
}

void Recorder::State::deliver(const std::filesystem::path& path, std::size_t& applied) {
  auto file = SpoolFile::take(path);
  if (!file) return;
  std::size_t bad = file->unreadable_lines();
  for (const auto& event : file->events()) {
    try {
      if (apply(*session, event).is_new) ++applied;
    } catch (const Error& error) {
      if (!is_refusal_for_good(error)) throw;
      log.warning("event {} of the spool is refused: {}", event.id, error.full_message());
      ++bad;
    }
  }
  if (bad == 0) {
    file->discard();
  } else {
    log.warning("{} lines of spool file {} could not be delivered; it is kept as {}", bad,
                util::quoted(path.string()), util::quoted(file->set_aside().string()));
  }
}

void Recorder::State::say_failed(const std::vector<std::string>& labels) {
  for (const auto& label : labels) {
    log.warning("backup {} was left unfinished by an earlier run; it is marked as failed",
                util::quoted(label));
  }
}

void Recorder::State::try_to_close_abandoned_runs() {
  if (!session) return;
  try {
    say_failed(close_abandoned_runs(*session));
  } catch (const Error& error) {
    go_offline(error);
  }
}

std::size_t Recorder::deliver_spool() {
  auto& state = *m_state;
  if (!state.tried) state.connect();
  std::size_t applied = 0;
  for (const auto& path : waiting_spool_files(state.settings.spool_directory)) {
    if (!state.session || state.interrupt.signal() != 0) break;
    try {
      state.deliver(path, applied);
    } catch (const pg::DatabaseError& error) {
      state.go_offline(error);
    } catch (const Error& error) {
      state.log.warning("{}", error.full_message());
    }
  }
  state.try_to_close_abandoned_runs();
  return applied;
}

bool Recorder::reconnect() {
  auto& state = *m_state;
  if (state.session) return true;
  if (!state.connect()) return false;
  try {
    for (const auto& event : state.spool.events()) {
      const auto id = apply(*state.session, event).id;
      if (event.kind == kind::run_opened && id) state.run_id = id;
    }
    state.spool.discard();
  } catch (const Error& error) {
    state.go_offline(error);
  }
  return online();
}

bool Recorder::claim_outage_warning() {
  return !std::exchange(m_state->warned, true);
}

std::optional<std::filesystem::path> Recorder::spool_file() const {
  if (m_state->spool.empty()) return std::nullopt;
  return m_state->spool.path();
}

bool Recorder::online() const {
  return m_state->session.has_value();
}

std::optional<std::int64_t> Recorder::run_id() const {
  return m_state->run_id;
}

std::optional<std::int64_t> Recorder::backup_id(const std::string& label) const {
  const auto found = m_state->backup_ids.find(label);
  if (found == m_state->backup_ids.end()) return std::nullopt;
  return found->second;
}

std::size_t Recorder::spooled() const {
  std::size_t events = 0;
  for (const auto& path : waiting_spool_files(m_state->settings.spool_directory)) {
    try {
      events += count_events(path);
    } catch (const Error& error) {
      m_state->log.debug("{}", error.full_message());
    }
  }
  return events;
}

}  // namespace bkp::catalog
