#include "recover/dump_restore.hpp"

#include <array>

#include <fmt/format.h>

#include "backup/parts.hpp"
#include "pg/seekable_archive.hpp"
#include "stream/queue.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

std::filesystem::path scratch_directory(const run::Context& context) {
  if (!context.config.recover.scratch_directory.empty()) {
    util::make_private_directories(context.config.recover.scratch_directory);
    return context.config.recover.scratch_directory;
  }
  return context.environment.get("TMPDIR").value_or("/var/tmp");
}

void require_space(const std::filesystem::path& directory, std::uint64_t needed) {
  const auto space = util::file_system_space(directory);
  if (space.available >= needed) return;
  throw Error{ErrorKind::refused,
              fmt::format("the scratch directory {} has {} free, the decompressed dump needs {}",
                          util::quoted(directory.string()), util::format_size(space.available),
                          util::format_size(needed)),
              "free space there, or set recover.scratch_directory to a larger file system"};
}

const backup::Part& dump_part(const backup::Manifest& manifest) {
  const backup::Part* part = manifest.part("dump");
  if (part != nullptr) return *part;
  throw Error{ErrorKind::damaged,
              fmt::format("the manifest of {} names no dump", util::quoted(manifest.label)),
              "use another backup"};
}

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

/// What to do when the server, rather than the file, is the trouble.
std::string hint_for(std::string_view text) {
  constexpr std::array signs{"must be member of role", "must be able to SET ROLE", "must be owner",
                             "must be superuser", "permission denied"};
  for (const auto* sign : signs) {
    if (text.find(sign) == text.npos) continue;
    return "the role that restores lacks a right: let it be a superuser for the time of the "
           "restore, or leave owners and privileges out with --no-owner";
  }
  return "mend what pg_restore names (missing role, extension, right or space) and run the command "
         "again";
}

/// The list for --use-list: pg_restore reads the number at the beginning of each line.
util::Fd write_list(const std::filesystem::path& directory, const std::vector<int>& entries) {
  util::Fd file = util::open_unnamed_file(directory);
  std::string text;
  for (const int id : entries) text += fmt::format("{};\n", id);
  util::write_all(file.get(), std::as_bytes(std::span{text}), "the list for pg_restore");
  return file;
}

util::Command restore_command(const run::Context& context, const PreparedDump& dump,
                              const pg::Conninfo& target, int server_version,
                              const PgRestoreOptions& options) {
  util::Command command;
  command.argv = {context.tools().find("pg_restore", server_version).string(),
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
  command.inherited_fds = {dump.file.get()};
  return command;
}

}  // namespace

PreparedDump prepare_dump(run::Context& context, store::Store& store, const backup::Layout& layout,
                          const backup::Manifest& manifest) {
  const backup::Part& part = dump_part(manifest);
  const auto directory = scratch_directory(context);
  require_space(directory, part.original_bytes);
  PreparedDump dump;
  dump.file = util::open_unnamed_file(directory);
  pg::SeekableArchiveSink archive{dump.file.get(), "the dump in " + directory.string()};
  stream::QueueSink writer{archive};
  const run::ProgressStep step{context.progress, "fetching " + manifest.label, part.original_bytes};
  stream::ObservingSink meter{writer, [&](std::size_t bytes) {
                                context.interrupt.check();
                                context.progress.advance(bytes);
                              }};
  backup::fetch_part(store, layout, manifest, part, meter);
  dump.entries = archive.entries();
  return dump;
}

void run_pg_restore(run::Context& context, const PreparedDump& dump, const pg::Conninfo& target,
                    int server_version, const PgRestoreOptions& options) {
  auto command = restore_command(context, dump, target, server_version, options);
  util::Fd list;
  if (!options.only.empty()) {
    list = write_list(scratch_directory(context), options.only);
    command.argv.push_back(fmt::format("--use-list=/dev/fd/{}", list.get()));
    command.inherited_fds.push_back(list.get());
  }
  command.argv.push_back(fmt::format("/dev/fd/{}", dump.file.get()));
  const run::ProgressStep step{context.progress, "pg_restore", std::nullopt};
  const auto finished = context.processes.run(std::move(command));
  const std::string said = on_one_line(finished.stderr_tail);
  if (finished.status.success()) {
    if (!said.empty()) context.log.debug("pg_restore said: {}", said);
    return;
  }
  const bool damaged = blames_archive(finished.stderr_tail);
  throw Error{damaged ? ErrorKind::damaged : ErrorKind::database,
              fmt::format("pg_restore ended with {}: {}", finished.status.to_string(), said),
              damaged ? "the dump is not complete or not an archive; use another backup"
                      : hint_for(finished.stderr_tail)};
}

}  // namespace bkp::recover
