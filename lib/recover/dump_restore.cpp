#include "recover/dump_restore.hpp"

#include <array>
#include <set>

#include <fmt/format.h>

#include "pg/connection.hpp"
#include "pg/sqlstate.hpp"
#include "recover/restore_phases.hpp"
#include "recover/scratch.hpp"
#include "recover/table_loader.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

/// What pg_restore says when the file, rather than the server, is the trouble.
bool blames_archive(std::string_view text) {
  constexpr std::array signs{"does not appear to be a valid archive",
                             "unexpected end of file",
                             "could not read from input file",
                             "corrupt tar header",
                             "entry ID",
                             "unsupported version",
                             "found unexpected block ID"};
  for (const auto* sign : signs) {
    if (text.find(sign) != text.npos) return true;
  }
  return false;
}

/// Many lines as one, fit for a message. Statements are quoted with their semicolons.
std::string on_one_line(std::string_view text) {
  std::string result;
  for (auto line : util::split_lines(text)) {
    while (!line.empty() && (line.back() == ';' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) result += (result.empty() ? "" : "; ") + util::printable(line);
  }
  return result;
}

constexpr auto k_right_hint =
    "the role that restores lacks a right: let it be a superuser for the time of the restore, or "
    "leave owners and privileges out with --no-owner";
constexpr auto k_general_hint =
    "mend what the message names (missing role, extension, right or space) and run the command "
    "again";

/// What to do when the server, rather than the file, is the trouble of pg_restore.
std::string hint_for(std::string_view text) {
  constexpr std::array signs{"must be member of role", "must be able to SET ROLE", "must be owner",
                             "must be superuser", "permission denied"};
  for (const auto* sign : signs) {
    if (text.find(sign) != text.npos) return k_right_hint;
  }
  return k_general_hint;
}

std::string hint_for(const pg::DatabaseError& error) {
  if (error.sqlstate() == pg::sqlstate::insufficient_privilege) return k_right_hint;
  return error.hint().empty() ? k_general_hint : error.hint();
}

std::filesystem::path find_pg_restore(const run::Context& context, int server_version) {
  try {
    return context.tools().find("pg_restore", server_version);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
    throw ProgramFailure{error.kind(), error.message(), error.hint()};
  }
}

/// The list for --use-list: pg_restore reads the number at the beginning of each line.
util::Fd write_list(const std::filesystem::path& directory, const std::vector<int>& entries) {
  util::Fd file = open_scratch_file(directory);
  std::string text;
  for (const int id : entries) text += fmt::format("{};\n", id);
  in_scratch([&] {
    util::write_all(file.get(), std::as_bytes(std::span{text}), "the list for pg_restore");
  });
  return file;
}

util::Command restore_command(const run::Context& context, const DumpFile& dump,
                              const pg::Conninfo& target, int server_version,
                              const DumpRestoreOptions& options) {
  util::Command command;
  command.argv = {find_pg_restore(context, server_version).string(),
                  "--exit-on-error",
                  "--no-password",
                  "--format=custom",
                  fmt::format("--jobs={}", options.jobs),
                  "--dbname=" + target.to_argument()};
  if (options.no_owner) command.argv.emplace_back("--no-owner");
  if (options.no_privileges) command.argv.emplace_back("--no-privileges");
  command.environment = context.environment.for_child();
  // Without a configuration the password file may be found the way libpq itself looks for it.
  if (const auto file = context.environment.get("PGPASSFILE")) {
    command.environment.set("PGPASSFILE", *file);
  }
  target.add_password_to(command.environment);
  command.inherited_fds = {dump.fd()};
  return command;
}

/// Runs restore_command() for the entries of `only`, or for all.
void run_pg_restore(run::Context& context, util::Command command, const DumpFile& dump,
                    const std::vector<int>& only) {
  util::Fd list;
  if (!only.empty()) {
    list = write_list(scratch_directory(context), only);
    command.argv.push_back(fmt::format("--use-list=/dev/fd/{}", list.get()));
    command.inherited_fds.push_back(list.get());
  }
  command.argv.push_back(fmt::format("/dev/fd/{}", dump.fd()));
  const run::ProgressStep step{context.progress, "pg_restore", std::nullopt};
  const auto finished = context.processes.run(std::move(command));
  const std::string said = on_one_line(finished.stderr_tail);
  if (finished.status.success()) {
    if (!said.empty()) context.log.debug("pg_restore said: {}", said);
    return;
  }
  if (finished.status.signal != 0) {
    throw ProgramFailure{ErrorKind::database,
                         fmt::format("pg_restore was {}{}{}", finished.status.to_string(),
                                     said.empty() ? "" : ": ", said),
                         "if nobody did that on purpose the host ran out of memory: see dmesg(1)"};
  }
  const bool damaged = blames_archive(finished.stderr_tail);
  throw Error{damaged ? ErrorKind::damaged : ErrorKind::database,
              fmt::format("pg_restore ended with {}: {}", finished.status.to_string(), said),
              damaged ? "the dump is not complete or not an archive; use another backup"
                      : hint_for(finished.stderr_tail)};
}

void load(run::Context& context, DumpFile& dump, const pg::Conninfo& target, int jobs,
          const std::set<int>& tables) {
  const run::ProgressStep step{context.progress, "loading tables", dump.size()};
  try {
    load_tables(context, dump, target, jobs, tables);
  } catch (const pg::DatabaseError& error) {
    pg::DatabaseError explained{error.message(), hint_for(error), error.sqlstate(),
                                error.connection_lost()};
    for (const auto& context_line : error.context()) explained.add_context(context_line);
    throw explained;
  }
}

}  // namespace

void restore_dump(run::Context& context, DumpFile& dump, const pg::Conninfo& target,
                  int server_version, const DumpRestoreOptions& options) {
  const auto command = restore_command(context, dump, target, server_version, options);
  if (!loadable(dump)) {
    dump.await_end();
    return run_pg_restore(context, command, dump, options.only);
  }
  const auto phases = restore_phases(dump.entries(), options.only);
  if (!phases.definitions.empty()) run_pg_restore(context, command, dump, phases.definitions);
  load(context, dump, target, options.jobs, phases.tables);
  dump.await_end();
  if (!phases.rest.empty()) run_pg_restore(context, command, dump, phases.rest);
}

}  // namespace bkp::recover
