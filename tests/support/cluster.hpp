#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/program.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

struct ClusterOptions {
  /// Where initdb, postgres and pg_ctl are.
  std::filesystem::path bin_directory = "/usr/lib/postgresql/15/bin";
  /// Where psql and pg_dump are.
  std::filesystem::path client_directory = "/usr/lib/postgresql/15/bin";
  /// Also listen on 127.0.0.1, at port(). Otherwise there is only the Unix socket.
  bool loopback = false;
  /// Appended to postgresql.conf: {"wal_level", "logical"}. Values are quoted for you.
  std::vector<std::pair<std::string, std::string>> settings = {};
  /// More arguments for initdb: "--data-checksums".
  std::vector<std::string> initdb_arguments = {};
};

/// How to stop: as in `pg_ctl stop --mode`.
enum class StopMode { smart, fast, immediate };

/// A throwaway PostgreSQL: own data directory, Unix socket, superuser "postgres" without a
/// password, UTF-8, settings for speed (no fsync). Runs as the system user `postgres` when the test
/// runs as root, as oneself otherwise. Started by the constructor in well under a second, because
/// initdb ran once per build directory and is copied. Taken down and removed by the destructor; the
/// server also stops when the test process is killed, only the directory stays then. Not for
/// concurrent use; the thread that starts it must outlive it. Everything throws std::runtime_error
/// or std::system_error with the server's log on failure.
class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void start();
  void stop(StopMode mode = StopMode::fast);
  void restart();
  /// SIGKILL for the postmaster and every backend: a crash. start() recovers from it.
  void kill();
  /// Everything is lost: a new cluster, of another system identifier, stands in its place.
  void start_over();
  bool running();

  /// "host='/tmp/bkp-…' port=5432 user=postgres dbname='postgres'"
  std::string conninfo(std::string_view database = "postgres") const;
  /// clean_environment() with PGHOST, PGPORT, PGUSER and PGDATABASE.
  Variables environment(const std::string& database = "postgres") const;
  const std::filesystem::path& socket_directory() const { return m_directory.path(); }
  int port() const { return m_port; }
  pid_t postmaster_pid() const;
  std::filesystem::path data_directory() const { return m_directory / "data"; }
  std::filesystem::path log_file() const { return m_directory / "log"; }
  /// What the server has logged so far.
  std::string log_text() const;
  const std::filesystem::path& bin_directory() const { return m_options.bin_directory; }
  const std::filesystem::path& client_directory() const { return m_options.client_directory; }
  /// A new directory that the server may write, for a tablespace or an archive; gone with the
  /// cluster.
  std::filesystem::path make_directory(std::string_view name) const;

  /// Who the server runs as.
  const User& user() const { return m_user; }
  /// Makes a file or directory the server's own.
  void give(const std::filesystem::path& path) const;

  /// Runs one of the server's programs ("pg_ctl") as its user; throws with what it says when it
  /// fails.
  void run_program(const std::string& name, std::vector<std::string> arguments) const;
  /// Stops, does to a file of the data directory what no server would, and starts again.
  void change_file(const std::string& path,
                   const std::function<void(const std::filesystem::path&)>& change);
  /// What another server of the same version says, a copy of this one on a socket of its own.
  std::string ask(const std::filesystem::path& socket, const std::string& sql,
                  int port = 5432) const;

  /// Runs SQL (or psql's \commands) through the real psql, ON_ERROR_STOP set; unaligned tuples
  /// separated by "|", without the last line end. Throws with psql's message when it fails.
  std::string psql(const std::string& database, const std::string& sql) const;
  /// As psql(), not throwing.
  Outcome try_psql(const std::string& database, const std::string& sql) const;
  /// A session that stays: psql reading `sql`, in the background ("select pg_sleep(60)").
  RunningProgram start_psql(const std::string& database, const std::string& sql) const;
  void load_file(const std::string& database, const std::filesystem::path& file) const;
  /// `options` is appended: "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'".
  void create_database(const std::string& name, const std::string& options = {}) const;
  bool has_database(const std::string& name) const;

 private:
  Program server_program(const std::string& name, std::vector<std::string> arguments) const;
  Program psql_program(const std::string& database, const std::string& sql) const;
  void run_initdb() const;
  void create_data_directory() const;
  void write_settings() const;
  bool ready() const;

  ClusterOptions m_options;
  User m_user;
  TemporaryDirectory m_directory;
  int m_port = 5432;
  std::optional<RunningProgram> m_postmaster;
};

/// "a""b" with quotes, for building SQL.
std::string sql_identifier(std::string_view name);
/// 'it''s', for building SQL.
std::string sql_literal(std::string_view text);

}  // namespace bkp::test
