#include "support/cluster.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "support/fail.hpp"
#include "support/loopback.hpp"
#include "support/task_state.hpp"
#include "support/wait_until.hpp"
#include "util/fd.hpp"

namespace bkp::test {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::minutes patience{3};

/// PostgreSQL refuses to run as root.
User server_user() {
  if (::geteuid() == 0) {
    return system_user("postgres");
  }
  const passwd* entry = ::getpwuid(::geteuid());
  return {entry != nullptr ? entry->pw_name : "", ::geteuid(), ::getegid(), {}};
}

void give_to(const User& user, const fs::path& path) {
  if (::geteuid() == 0 && ::chown(path.c_str(), user.uid, user.gid) != 0) {
    fail("chown " + path.string());
  }
}

std::vector<std::string> initdb_arguments(const ClusterOptions& options) {
  // Small segments, because the template is copied for every cluster and would be half WAL.
  std::vector<std::string> arguments{"--auth=trust",     "--username=postgres", "--encoding=UTF8",
                                     "--locale=C.UTF-8", "--no-sync",           "--wal-segsize=1"};
  arguments.insert(arguments.end(), options.initdb_arguments.begin(),
                   options.initdb_arguments.end());
  return arguments;
}

/// One template for each version, set of arguments and user.
fs::path template_path(const ClusterOptions& options, const User& user) {
  std::string key = options.bin_directory.string() + "\n" + user.name;
  for (const std::string& argument : initdb_arguments(options)) {
    key += "\n" + argument;
  }
  return fs::path{BKP_BUILD_DIR} /
         ("test-cluster-template-" + std::to_string(std::hash<std::string>{}(key)));
}

/// Children of the postmaster lead process groups of their own, so they are found by their parent.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const fs::directory_entry& entry : fs::directory_iterator{"/proc"}) {
    std::ifstream file{entry.path() / "stat"};
    std::string stat;
    // pid (name) state parent …; the name may hold anything, so the last ")" counts.
    if (std::getline(file, stat) && stat.rfind(')') != std::string::npos &&
        std::stol(stat.substr(stat.rfind(')') + 4)) == parent) {
      children.push_back(static_cast<pid_t>(std::stol(entry.path().filename())));
    }
  }
  return children;
}

/// Quoted for libpq's keyword strings.
std::string conninfo_value(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return quoted + "'";
}

void copy_tree(const fs::path& from, const fs::path& to) {
  output_of(Program{{"cp", "-a", "--reflink=auto", from.string(), to.string()}});
}

}  // namespace

std::string sql_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c == '"' ? "\"\"" : std::string{c};
  }
  return quoted + "\"";
}

std::string sql_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? "''" : std::string{c};
  }
  return quoted + "'";
}

Cluster::Cluster(ClusterOptions options) : m_options{std::move(options)}, m_user{server_user()} {
  give_to(m_user, m_directory.path());
  if (m_options.loopback) {
    m_port = port_of(listen_on_loopback());
  }
  create_data_directory();
  write_settings();
  start();
}

Cluster::~Cluster() {
  if (m_postmaster) {
    m_postmaster->signal(SIGQUIT);
    m_postmaster->wait();
  }
}

Program Cluster::server_program(const std::string& name, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), (m_options.bin_directory / name).string());
  Program program{std::move(arguments)};
  program.in_directory("/");
  if (::geteuid() == 0) {
    program.as_user(m_user);
  }
  return program;
}

void Cluster::run_program(const std::string& name, std::vector<std::string> arguments) const {
  output_of(server_program(name, std::move(arguments)));
}

void Cluster::change_file(const std::string& path,
                          const std::function<void(const fs::path&)>& change) {
  stop();
  const auto file = data_directory() / path;
  change(file);
  give(file);
  start();
}

std::string Cluster::ask(const fs::path& socket, const std::string& sql, int port) const {
  auto answer = output_of(
      Program{{(m_options.client_directory / "psql").string(), "-XAtq", "-h", socket.string(), "-p",
               std::to_string(port), "-U", "postgres", "-c", sql}});
  if (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

void Cluster::run_initdb() const {
  std::vector<std::string> arguments = initdb_arguments(m_options);
  arguments.push_back("--pgdata=" + data_directory().string());
  output_of(server_program("initdb", std::move(arguments)));
}

void Cluster::create_data_directory() const {
  const fs::path prepared = template_path(m_options, m_user);
  const util::Fd lock{
      ::open((prepared.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
    fail("cannot lock " + prepared.string());
  }
  if (!fs::exists(prepared)) {
    run_initdb();
    const fs::path half = prepared.string() + ".new";
    fs::remove_all(half);
    copy_tree(data_directory(), half);
    fs::rename(half, prepared);
    return;
  }
  ::flock(lock.get(), LOCK_UN);
  copy_tree(prepared, data_directory());
}

void Cluster::write_settings() const {
  std::vector<std::pair<std::string, std::string>> settings{
      {"listen_addresses", m_options.loopback ? "127.0.0.1" : ""},
      {"port", std::to_string(m_port)},
      {"unix_socket_directories", socket_directory().string()},
      {"fsync", "off"},
      {"synchronous_commit", "off"},
      {"shared_buffers", "64MB"},
      {"max_connections", "50"},
      {"log_min_messages", "warning"},
      {"log_line_prefix", "%m [%p] %q%a "}};
  settings.insert(settings.end(), m_options.settings.begin(), m_options.settings.end());
  std::ofstream file{data_directory() / "postgresql.conf", std::ios::app};
  for (const auto& [name, value] : settings) {
    file << name << " = " << sql_literal(value) << '\n';
  }
}

void Cluster::start() {
  if (running()) {
    return;
  }
  // SIGQUIT is PostgreSQL's immediate shutdown: it takes its backends along when the test dies.
  m_postmaster = server_program("postgres", {"-D", data_directory().string()})
                     .with_log(log_file())
                     .with_timeout(patience)
                     .with_death_signal(SIGQUIT)
                     .start();
  const bool settled = wait_until([this] { return ready() || !running(); }, patience);
  if (!settled || !running()) {
    throw std::runtime_error{"the throwaway PostgreSQL did not start:\n" + log_text()};
  }
}

/// The last line of postmaster.pid says so; source: PostgreSQL's utils/pidfile.h.
bool Cluster::ready() const {
  std::ifstream file{data_directory() / "postmaster.pid"};
  std::string line;
  long pid = 0;
  for (int number = 1; std::getline(file, line); ++number) {
    if (number == 1) {
      pid = std::atol(line.c_str());
    } else if (number == 8) {
      return pid == postmaster_pid() && (line.starts_with("ready") || line.starts_with("standby"));
    }
  }
  return false;
}

void Cluster::stop(StopMode mode) {
  if (!m_postmaster) {
    return;
  }
  m_postmaster->signal(mode == StopMode::smart  ? SIGTERM
                       : mode == StopMode::fast ? SIGINT
                                                : SIGQUIT);
  const Outcome outcome = m_postmaster->wait();
  m_postmaster.reset();
  if (outcome.timed_out) {
    throw std::runtime_error{"the throwaway PostgreSQL did not stop:\n" + log_text()};
  }
}

void Cluster::restart() {
  stop();
  start();
}

void Cluster::kill() {
  if (!m_postmaster) {
    return;
  }
  // Stopped first, so that it starts no new children while they are killed.
  m_postmaster->signal(SIGSTOP);
  if (!wait_until([this] { return task_state(postmaster_pid()) == 'T'; })) {
    throw std::runtime_error{"the postmaster took no SIGSTOP"};
  }
  const std::vector<pid_t> children = children_of(postmaster_pid());
  m_postmaster->signal(SIGKILL);
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
  }
  m_postmaster->wait();
  m_postmaster.reset();
  for (const pid_t child : children) {
    if (!wait_until([child] { return is_gone(child); })) {
      throw std::runtime_error{"a backend survived SIGKILL"};
    }
  }
}

void Cluster::start_over() {
  stop();
  fs::remove_all(data_directory());
  run_initdb();
  write_settings();
  start();
}

bool Cluster::running() {
  return m_postmaster && m_postmaster->running();
}

pid_t Cluster::postmaster_pid() const {
  return m_postmaster ? m_postmaster->pid() : 0;
}

std::string Cluster::conninfo(std::string_view database) const {
  return "host=" + conninfo_value(socket_directory().native()) + " port=" + std::to_string(m_port) +
         " user=postgres dbname=" + conninfo_value(database);
}

Variables Cluster::environment(const std::string& database) const {
  Variables variables = clean_environment();
  variables["PGHOST"] = socket_directory().string();
  variables["PGPORT"] = std::to_string(m_port);
  variables["PGUSER"] = "postgres";
  variables["PGDATABASE"] = database;
  return variables;
}

fs::path Cluster::make_directory(std::string_view name) const {
  const fs::path path = m_directory / name;
  fs::create_directory(path);
  fs::permissions(path, fs::perms::owner_all);
  give_to(m_user, path);
  return path;
}

Program Cluster::psql_program(const std::string& database, const std::string& sql) const {
  // The database by conninfo: a name with "=" in it would be taken for one.
  return Program{{(m_options.client_directory / "psql").string(), "-X", "-q", "-A", "-t",
                  "--set=ON_ERROR_STOP=1", "--file=-", "--dbname=" + conninfo(database)}}
      .with_environment(environment())
      .with_input(sql)
      .with_timeout(std::chrono::minutes{5});
}

Outcome Cluster::try_psql(const std::string& database, const std::string& sql) const {
  return psql_program(database, sql).run();
}

RunningProgram Cluster::start_psql(const std::string& database, const std::string& sql) const {
  return psql_program(database, sql).start();
}

std::string Cluster::psql(const std::string& database, const std::string& sql) const {
  std::string out = output_of(psql_program(database, sql));
  if (out.ends_with('\n')) {
    out.pop_back();
  }
  return out;
}

void Cluster::load_file(const std::string& database, const fs::path& file) const {
  psql(database, read_text(file));
}

void Cluster::create_database(const std::string& name, const std::string& options) const {
  psql("postgres", "CREATE DATABASE " + sql_identifier(name) + " " + options + ";");
}

bool Cluster::has_database(const std::string& name) const {
  return psql("postgres",
              "select count(*) from pg_database where datname = " + sql_literal(name) + ";") == "1";
}

void Cluster::give(const fs::path& path) const {
  give_to(m_user, path);
}

std::string Cluster::log_text() const {
  return fs::exists(log_file()) ? read_text(log_file()) : "(no log)";
}

}  // namespace bkp::test
