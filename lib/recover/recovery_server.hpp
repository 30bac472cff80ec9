#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "pg/lsn.hpp"
#include "recover/recovery_target.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// How a restored data directory is to recover.
struct Recovery {
  RecoveryTarget target;
  std::uint32_t timeline = 0;  ///< to follow
  std::string until = {};      ///< the last segment to ask for; empty: as long as there are any
  bool promote = false;        ///< at the target; else it pauses
  /// What opens the archive, where that is not what the configuration has.
  std::vector<std::filesystem::path> identity_files = {};
};

/// Prepares a restored data directory for its recovery: recovery.signal, and in
/// postgresql.auto.conf the settings: the target, a restore_command with the run's configuration,
/// and that nothing is archived, since two servers must not archive to one site. These win over
/// what came with the backup. Where the configuration files lay elsewhere, as Debian's do,
/// postgresql.conf and pg_hba.conf that let the server start are made. Throws Error{store}.
void prepare_recovery(const run::Context& context, const std::filesystem::path& data,
                      const Recovery& recovery);

/// How far a recovery came.
struct Reached {
  std::optional<util::Time> time;  ///< of the last transaction that was replayed
  pg::Lsn lsn;
  bool paused = false;  ///< at its target; else promoted
  std::uint32_t timeline = 0;
};

/// A server on a data directory that nobody else uses: on a Unix socket in a directory of its own,
/// without network, archiving nothing. It outlives this object and the run unless stop() is called.
class RecoveryServer {
 public:
  /// `bin` holds pg_ctl and postgres of the right version; `socket` is made. Throws Error{refused}
  /// for root, whom the server refuses.
  RecoveryServer(run::Context& context, std::filesystem::path bin,
                 const std::filesystem::path& data, std::filesystem::path socket);

  /// Throws Error{database} quoting the server's log when it ends, Error{damaged} when the archive
  /// did not have what recovery needs.
  void start();
  /// Waits until recovery has come to its end: paused at the target, or promoted.
  Reached wait_for_target();
  void promote();
  void stop() noexcept;

  pg::Conninfo conninfo(const std::string& database = "postgres") const;
  std::filesystem::path log() const { return m_socket / "log"; }

 private:
  util::Finished control(std::vector<std::string> arguments);
  std::string options() const;
  util::Error failed() const;
  bool running() const;

  run::Context& m_context;
  std::filesystem::path m_bin;
  std::filesystem::path m_data;
  std::filesystem::path m_socket;
};

}  // namespace bkp::recover
