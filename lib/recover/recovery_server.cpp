#include "recover/recovery_server.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "pg/postmaster_file.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "wal/setup.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::milliseconds look_interval{100};
constexpr std::chrono::seconds start_patience{5};
constexpr std::size_t log_lines = 20;
constexpr auto pid_name = "pid";
constexpr auto hba_name = "pg_hba.conf";

bool is_there(const std::filesystem::path& path) {
  std::error_code unknown;
  return std::filesystem::exists(std::filesystem::symlink_status(path, unknown));
}

void append(const std::filesystem::path& path, const std::string& text) {
  auto file = util::open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  util::write_all(file.get(), std::as_bytes(std::span{text}), path.string());
  file.close(path.string());
}

/// On one line, for messages are.
std::string last_lines(const std::string& text) {
  const auto lines = util::split_lines(text);
  std::string result;
  for (auto i = lines.size() - std::min(lines.size(), log_lines); i < lines.size(); ++i) {
    // Our own asking.
    if (lines[i].find("the database system is starting up") == lines[i].npos)
      result += fmt::format("{} {}", result.empty() ? "" : ";", lines[i]);
  }
  return result;
}

/// A server that is started on this directory must not go to the old one.
std::string without_places(const std::string& text) {
  std::string kept;
  for (const auto line : util::split_lines(text)) {
    const bool names_directory = line.starts_with("data_directory");
    kept += fmt::format("{}{}\n", names_directory ? "# by bkp: " : "", line);
  }
  return kept;
}

/// A cluster that was recovered before still has the settings of that: a target among them would
/// be a second one.
std::string without_recovery(const std::string& text) {
  std::string kept;
  for (const auto line : util::split_lines(text)) {
    const auto name = line.substr(0, line.find_first_of(" =\t"));
    const bool old = name.starts_with("recovery_target") || name == "restore_command" ||
                     name == "archive_mode" || line.starts_with("# Recovery, by bkp");
    if (!old) kept += std::string{line} + "\n";
  }
  return kept;
}

std::vector<ServerSetting> settings_for(const run::Context& context, const Recovery& recovery) {
  auto settings = settings_of(recovery.target, recovery.timeline);
  settings.push_back(
      {"restore_command", wal::restore_command(wal::installed_program(),
                                               std::filesystem::absolute(context.config.file),
                                               recovery.identity_files, recovery.until)});
  settings.push_back({"recovery_target_action", recovery.promote ? "promote" : "pause"});
  settings.push_back({"archive_mode", "off"});
  return settings;
}

}  // namespace

void prepare_recovery(const run::Context& context, const std::filesystem::path& data,
                      const Recovery& recovery) {
  if (const auto text = util::read_file(data / "postgresql.conf")) {
    const auto changed = without_places(*text);
    if (changed != *text) util::write_file_atomically(data / "postgresql.conf", changed);
  } else {
    append(data / "postgresql.conf",
           "# Made by bkp: the cluster's own lay elsewhere and are not in the base backup.\n");
  }
  if (!is_there(data / "pg_hba.conf")) {
    append(data / "pg_hba.conf",
           "# Made by bkp: the cluster's own lay elsewhere and is not in the base backup.\n"
           "local all all peer\n");
  }
  const auto file = data / "postgresql.auto.conf";
  auto text = without_recovery(util::read_file(file).value_or(""));
  text += "# Recovery, by bkp pitr-restore.\n";
  for (const auto& setting : settings_for(context, recovery)) text += to_line(setting) + "\n";
  util::write_file_atomically(file, text);
  util::write_file_atomically(data / "recovery.signal", "");
}

RecoveryServer::RecoveryServer(run::Context& context, std::filesystem::path bin,
                               const std::filesystem::path& data, std::filesystem::path socket)
    : m_context{context},
      m_bin{std::move(bin)},
      m_data{std::filesystem::absolute(data)},
      m_socket{std::move(socket)} {
  if (::geteuid() == 0) {
    throw Error{ErrorKind::refused, "PostgreSQL does not run as root",
                "run this as the user the server is to run as: runuser -u postgres -- bkp …"};
  }
  util::make_private_directories(m_socket);
  // Only its owner gets into that directory.
  util::write_file_atomically(m_socket / hba_name, "local all all trust\n");
}

util::Finished RecoveryServer::control(std::vector<std::string> arguments) {
  util::Command command;
  command.argv = {(m_bin / "pg_ctl").string(), "--silent", "--pgdata=" + m_data.string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = m_context.environment.for_child();
  return m_context.processes.run(command);
}

std::string RecoveryServer::options() const {
  const auto control = pg::read_control_file(m_data);
  const auto place = [&](const char* name) {
    return util::shell_quoted((m_socket / name).string());
  };
  // A postgresql.conf that came with the backup may name the old server's places, and have less
  // than the old server's command line.
  return fmt::format(
      "-c data_directory={} -c listen_addresses='' -c unix_socket_directories={} -c port=5432 "
      "-c hot_standby=on -c archive_mode=off -c logging_collector=off -c log_destination=stderr "
      "-c ssl=off -c shared_preload_libraries='' -c external_pid_file={} -c hba_file={} "
      "-c max_connections={} -c max_worker_processes={} -c max_wal_senders={} "
      "-c max_prepared_transactions={} -c max_locks_per_transaction={}",
      util::shell_quoted(m_data.string()), util::shell_quoted(m_socket.string()), place(pid_name),
      place(hba_name), control.max_connections, control.max_worker_processes,
      control.max_wal_senders, control.max_prepared_transactions,
      control.max_locks_per_transaction);
}

void RecoveryServer::start() {
  const auto finished =
      control({"start", "--no-wait", "--log=" + log().string(), "--options=" + options()});
  if (!finished.status.success()) {
    throw Error{ErrorKind::database,
                fmt::format("pg_ctl start failed ({}): {}", finished.status.to_string(),
                            finished.stderr_tail)};
  }
}

bool RecoveryServer::running() const {
  const auto file = pg::read_postmaster_file(m_data);
  return file && file->is_alive_in(m_data);
}

Error RecoveryServer::failed() const {
  const auto text = util::read_file(log(), std::size_t{64} << 20U).value_or("");
  const auto says = [&](const char* words) { return text.find(words) != text.npos; };
  // Of the archive, by restore_command's exit code; or of what it held.
  const bool archive = says("could not restore file") ||
                       says("recovery ended before configured recovery target") ||
                       says("WAL ends before");
  return {
      archive ? ErrorKind::damaged : ErrorKind::database,
      fmt::format("the recovering server ended before it reached the target:{}", last_lines(text)),
      fmt::format("its whole log is {}, but for rehearsals and verifications, which leave "
                  "nothing",
                  log().string())};
}

Reached RecoveryServer::wait_for_target() {
  std::optional<pg::Connection> server;
  bool seen = false;
  const auto deadline = m_context.clock.steady() + start_patience;
  while (true) {
    m_context.interrupt.check();
    const bool alive = running();
    seen = seen || alive;
    try {
      if (!server) server = pg::Connection::open(conninfo(), m_context.interrupt);
      const auto row = server->exec(
          "select pg_catalog.pg_is_in_recovery(), "
          "to_char(pg_catalog.pg_last_xact_replay_timestamp() at time zone 'UTC', "
          "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
      const bool recovering = row.boolean(0, 0);
      // Only while it recovers may it be asked.
      const bool paused =
          recovering && server->exec("select pg_catalog.pg_get_wal_replay_pause_state() = 'paused'")
                            .boolean(0, 0);
      if (!recovering || paused) {
        Reached reached;
        reached.paused = paused;
        if (!row.is_null(0, 1)) reached.time = util::parse_time(row.text(0, 1));
        const auto end = server->exec(
            paused ? "select pg_catalog.pg_last_wal_replay_lsn(), "
                     "(select min_recovery_end_timeline from pg_catalog.pg_control_recovery())"
                   : "select pg_catalog.pg_current_wal_lsn(), "
                     "(select timeline_id from pg_catalog.pg_control_checkpoint())");
        if (const auto lsn = pg::parse_lsn(end.text(0, 0))) reached.lsn = *lsn;
        reached.timeline = static_cast<std::uint32_t>(end.integer(0, 1));
        return reached;
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::database) throw;
      server.reset();
      // pg_ctl has returned before the server wrote its postmaster.pid.
      if (!alive && (seen || m_context.clock.steady() >= deadline)) throw failed();
    }
    m_context.clock.sleep_for(look_interval);
  }
}

void RecoveryServer::promote() {
  auto server = pg::Connection::open(conninfo(), m_context.interrupt);
  if (!server.exec("select pg_catalog.pg_is_in_recovery()").boolean(0, 0)) return;
  // pg_promote() is not for every role.
  const auto finished = control({"promote", "--timeout=600"});
  if (finished.status.success()) return;
  throw Error{ErrorKind::database,
              "the recovered server did not end its recovery: " + finished.stderr_tail,
              fmt::format("its log is {}", log().string())};
}

void RecoveryServer::stop() noexcept {
  try {
    control({"stop", "--mode=fast", "--timeout=120"});
  } catch (const Error& error) {
    m_context.log.warning("the recovered server could not be stopped: {}", error.full_message());
  }
}

pg::Conninfo RecoveryServer::conninfo(const std::string& database) const {
  auto conninfo = pg::Conninfo::parse("port=5432").with("host", m_socket.string());
  const auto configured = m_context.cluster();
  if (const auto user = configured.get("user")) conninfo = conninfo.with("user", *user);
  return conninfo.with_database(database);
}

}  // namespace bkp::recover
