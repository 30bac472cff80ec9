#include "recover/restore.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "recover/database_settings.hpp"
#include "recover/held_properties.hpp"
#include "recover/loose_references.hpp"
#include "recover/new_database.hpp"
#include "recover/unfinished.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + util::quoted(name);
  return text;
}

std::vector<pg::ArchiveEntry> chosen_entries(const ReadyRestore& ready) {
  if (ready.selection.entries.empty()) return ready.dump->entries();
  std::vector<pg::ArchiveEntry> chosen;
  auto next = ready.selection.entries.begin();
  for (const auto& entry : ready.dump->entries()) {
    if (next == ready.selection.entries.end()) break;
    if (entry.dump_id != *next) continue;
    chosen.push_back(entry);
    ++next;
  }
  return chosen;
}

/// The new database stands where the old one does.
std::string tablespace_option(const pg::Connection& connection,
                              const std::optional<DatabaseSettings>& old, const RestorePlan& plan) {
  if (!old || !plan.replaces()) return {};
  return "TABLESPACE " + connection.identifier(old->tablespace);
}

DumpRestoreOptions restore_options(const ReadyRestore& ready, const RestoreRequest& request) {
  DumpRestoreOptions options;
  options.jobs = request.jobs;
  options.only = ready.selection.entries;
  options.no_owner = request.no_owner;
  options.no_privileges = request.no_owner;
  return options;
}

/// A part may need what its archive does not know that it needs.
[[noreturn]] void throw_for_part(const Error& error, const ReadyRestore& ready) {
  Error explained{
      error.kind(), error.message(),
      fmt::format(
          "{}; or a part was chosen that needs more: {}choose that too (--table, --schema), "
          "or restore everything beside and copy the part from there",
          error.hint(),
          ready.loose_references.empty()
              ? ""
              : fmt::format("{}; ", fmt::join(ready.loose_references, "; ")))};
  for (const auto& context : error.context()) explained.add_context(context);
  throw explained;
}

void load(run::Context& context, NewDatabase& database, const ReadyRestore& ready,
          const RestorePlan& plan) {
  try {
    restore_dump(context, *ready.dump, database.conninfo(),
                 std::max(database.connection().server_version(), plan.backed_up_from),
                 restore_options(ready, plan.request));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database || !plan.request.partial()) throw;
    throw_for_part(error, ready);
  }
}

void fill(run::Context& context, NewDatabase& database, const ReadyRestore& ready,
          const RestorePlan& plan) {
  context.log.info("restoring {} into {}", plan.label, util::quoted(database.name()));
  load(context, database, ready, plan);
  context.log.info("gathering statistics in {}", util::quoted(database.name()));
  auto connection = pg::Connection::open(database.conninfo(), context.interrupt);
  lift_timeouts(connection);
  connection.exec("ANALYZE");
}

void warn_all(run::Context& context, std::vector<std::string> problems) {
  for (auto& problem : problems) context.warn(std::move(problem));
}

SwapProperties properties_of(run::Context& context, const backup::Source& source,
                             const ReadyRestore& ready, const RestorePlan& plan) {
  if (ready.dump->entries().empty()) {
    context.warn(
        "this dump's archive version is not known here, so what it holds about the database itself "
        "(privileges, settings, connection limit, comment) is not restored; `pg_restore -C -f -` "
        "shows it");
  }
  const bool no_owner = plan.request.no_owner;
  return {held_properties(ready.dump->entries()),
          no_owner ? std::string{} : source.manifest().database.owner, no_owner,
          fmt::format("restored from {}", plan.label)};
}

/// So that nobody gets in who may not, and everything reads and computes as in the original.
void prepare(run::Context& context, NewDatabase& database,
             const std::optional<DatabaseSettings>& old, const SwapProperties& properties) {
  auto& connection = database.connection();
  if (old) {
    if (!properties.held.has_privileges()) apply_privileges(connection, database.name(), *old);
    warn_all(context, apply_session_settings(connection, database.name(), *old));
  }
  prepare_held_properties(connection, database.name(), properties.held, properties.no_owner);
}

/// In one transaction, so that the comment says "not finished" until everything is there.
void complete(run::Context& context, NewDatabase& database, const SwapProperties& properties) {
  pg::Transaction transaction{database.connection()};
  database.set_comment(properties.comment);
  auto problems = apply_held_properties(database.connection(), database.name(), properties.held,
                                        properties.no_owner);
  transaction.commit();
  warn_all(context, std::move(problems));
}

void require_ownership(pg::Connection& maintenance, const std::vector<pg::ArchiveEntry>& entries) {
  const auto owners = owners_out_of_reach(maintenance, entries);
  if (owners.empty()) return;
  throw Error{
      ErrorKind::refused,
      fmt::format("role {} is neither a superuser nor a member of the owners of what is "
                  "restored: {}",
                  util::quoted(std::string{maintenance.exec("SELECT current_user").single()}),
                  join(owners)),
      "--no-owner restores without owners and privileges; or connect as a superuser"};
}

}  // namespace

ReadyRestore get_ready(run::Context& context, pg::Connection& maintenance,
                       const backup::Source& source, const RestoreRequest& request) {
  ReadyRestore ready;
  ready.globals = read_globals(source);
  ready.dump = std::make_unique<DumpFile>(context, source);
  if (request.partial()) {
    if (ready.dump->entries().empty()) {
      throw Error{ErrorKind::refused,
                  "this dump's archive version is not known here, so parts of it cannot be chosen",
                  "restore all of it, or update bkp"};
    }
    ready.selection = select_entries(ready.dump->entries(), request.schemas, request.tables);
    ready.loose_references = loose_references(chosen_entries(ready));
  }
  if (!request.no_owner) {
    require_ownership(maintenance, chosen_entries(ready));
    ready.missing_roles = missing_roles(
        maintenance, roles_needed(chosen_entries(ready), source.manifest().database.owner));
  }
  return ready;
}

std::vector<std::string> settle_roles(run::Context& context, pg::Connection& maintenance,
                                      const ReadyRestore& ready, const RestoreRequest& request) {
  if (ready.missing_roles.empty()) return {};
  const auto names = join(ready.missing_roles);
  if (!request.with_globals) {
    context.terminal.show(fmt::format("Roles the dump needs and this server lacks: {}\n", names));
    const auto answer = context.terminal.ask("Create them from the backup's globals? [y/N] ");
    if (!answer || (*answer != "y" && *answer != "yes")) {
      throw Error{ErrorKind::refused,
                  fmt::format("this server lacks roles the dump needs: {}", names),
                  "--with-globals creates them from the backup, --no-owner does without"};
    }
  }
  for (const auto& problem : create_roles(maintenance, ready.globals, ready.missing_roles)) {
    context.warn(problem);
  }
  context.log.info("created the roles {}", names);
  return ready.missing_roles;
}

RestoreOutcome carry_out(run::Context& context, const pg::Conninfo& maintenance,
                         const backup::Source& source, const ReadyRestore& ready,
                         const RestorePlan& plan,
                         const std::function<void(const pg::Conninfo&)>& check) {
  auto connection = pg::Connection::open(maintenance, context.interrupt);
  const auto old = read_database_settings(connection, plan.request.database);
  const auto begin = context.clock.steady();
  lift_timeouts(connection);
  announce_restore(connection, plan.target);
  NewDatabase database{context,
                       maintenance,
                       source.manifest().database,
                       plan.target,
                       unfinished_comment(plan.label),
                       tablespace_option(connection, old, plan)};
  const auto properties = properties_of(context, source, ready, plan);
  prepare(context, database, old, properties);
  fill(context, database, ready, plan);
  RestoreOutcome outcome{plan.target, {}, util::Duration{context.clock.steady() - begin}.count()};
  if (plan.request.swap) {
    check(database.conninfo());
    context.interrupt.check();
    warn_all(context, swap_databases(context, maintenance, plan.request.database, database.name(),
                                     plan.kept_as, properties));
    outcome.database = plan.request.database;
    if (plan.replaces()) outcome.kept_as = plan.kept_as;
  } else {
    complete(context, database, properties);
  }
  database.keep();
  return outcome;
}

}  // namespace bkp::recover
