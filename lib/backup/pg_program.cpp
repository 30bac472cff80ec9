#include "backup/pg_program.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

Error program_failed(const std::string& program, const util::ExitStatus& status,
                     const std::string& stderr_tail) {
  std::string message = fmt::format("{} failed ({})", program, status.to_string());
  if (!stderr_tail.empty()) message += ": " + stderr_tail;
  while (message.ends_with('\n')) message.pop_back();
  std::string hint = "the lines above are the program's own; `bkp check` looks for causes";
  if (status.signal != 0)
    hint = "somebody or the kernel (out of memory? see dmesg) ended it; run it again";
  if (stderr_tail.find("permission denied") != std::string::npos) {
    hint = "the role needs to read everything: grant pg_read_all_data to it, or use a superuser";
  }
  const bool waited = stderr_tail.find("statement timeout") != std::string::npos ||
                      stderr_tail.find("lock timeout") != std::string::npos;
  if (waited && stderr_tail.find("LOCK TABLE") != std::string::npos) {
    hint =
        "another session holds the table for longer than full.lock_timeout; it is in: SELECT "
        "a.pid, "
        "a.usename, a.application_name, a.xact_start, a.query FROM pg_stat_activity a JOIN "
        "pg_locks "
        "l USING (pid) WHERE l.mode = 'AccessExclusiveLock' AND l.granted";
  }
  return Error{ErrorKind::database, std::move(message), std::move(hint)};
}

Globals dump_globals(run::Context& context, const pg::Conninfo& cluster, int server_version,
                     bool superuser) {
  util::Command command;
  command.argv = {context.tools().find("pg_dumpall", server_version).string(), "--globals-only",
                  "--no-password", "--dbname=" + cluster.to_argument()};
  if (!superuser) command.argv.push_back("--no-role-passwords");
  command.environment = context.environment.for_child();
  cluster.add_password_to(command.environment);
  auto finished = context.processes.run(std::move(command));
  if (!finished.status.success())
    throw program_failed("pg_dumpall", finished.status, finished.stderr_tail);
  return {std::move(finished.standard_output), superuser};
}

}  // namespace bkp::backup
