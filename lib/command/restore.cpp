#include "command/restore.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/databases.hpp"
#include "command/audit_trail.hpp"
#include "command/restore_choice.hpp"
#include "recover/restore.hpp"
#include "recover/unfinished.hpp"
#include "run/lock.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "verify/restore_check.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

/// Fetches from the first copy that proves good, starting with `source`, which may change.
recover::ReadyRestore get_ready(run::Context& context, pg::Connection& maintenance,
                                RestoreChoice& found, backup::Source& source,
                                const recover::RestoreRequest& request,
                                const run::ReadingKeys& keys) {
  for (;;) {
    try {
      return recover::get_ready(context, maintenance, source, request);
    } catch (const Error& error) {
      std::erase_if(found.stores,
                    [&](const auto& store) { return store.name == source.store.name; });
      const bool of_this_copy =
          error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::store;
      if (found.stores.empty() || !of_this_copy) throw;
      context.warn(fmt::format("the copy on store {} is not used: {}",
                               util::quoted(source.store.name), error.full_message()));
      source = open_first_good(context, found, keys);
    }
  }
}

/// The same restore with the other backup. A store of the configuration is left to be chosen anew:
/// the other one's good copy may be elsewhere.
recover::Alternative to_alternative(const BackupRecord& better, const RestoreOptions& options) {
  auto command = fmt::format("bkp restore {} --db {}", util::shell_quoted(better.label),
                             util::shell_quoted(options.database));
  const auto add = [&](std::string_view option, const std::string& value) {
    if (!value.empty()) command += fmt::format(" {} {}", option, util::shell_quoted(value));
  };
  if (options.from.is_url()) command += to_arguments(options.from);
  add("--into", options.into);
  for (const auto& schema : options.schemas) add("--schema", schema);
  for (const auto& file : options.keys.identity_files) add("--identity", file);
  for (const auto& file : options.keys.trusted_keys) add("--trusted-key", file);
  for (const auto& table : options.tables) add("--table", table);
  if (options.swap) command += " --swap";
  if (options.with_globals) command += " --with-globals";
  if (options.no_owner) command += " --no-owner";
  return {better.label, better.verified ? better.verified_at : std::nullopt, std::move(command)};
}

recover::RestoreRequest to_request(const RestoreOptions& options, const run::Context& context) {
  recover::RestoreRequest request;
  request.database = options.database;
  request.into = options.into;
  request.swap = options.swap;
  request.schemas = options.schemas;
  request.tables = options.tables;
  request.jobs = options.jobs > 0 ? options.jobs : context.config.limits.connections;
  request.with_globals = options.with_globals;
  request.no_owner = options.no_owner;
  request.yes = options.yes;
  return request;
}

void require_sense(const RestoreOptions& options, const run::Context& context) {
  const bool partial = !options.schemas.empty() || !options.tables.empty();
  if (options.swap && partial) {
    throw Error{ErrorKind::usage,
                "--swap puts a whole database in the old one's place, never a part of one",
                "restore the part beside, then copy what is needed"};
  }
  if (options.into.size() > backup::longest_name) {
    throw Error{
        ErrorKind::usage,
        fmt::format("--into: {} has {} bytes", util::quoted(options.into), options.into.size()),
        fmt::format("PostgreSQL keeps {} of them; give a shorter name", backup::longest_name)};
  }
  require_sense(options.from);
  if (!options.from.is_url() && context.config.site.empty()) {
    throw Error{ErrorKind::config, "there is no configuration file, and no store was given",
                "give --store URL --site NAME, or --config FILE"};
  }
}

/// Before a database takes another's place, its rows are compared with the dump's.
void check_before_swap(run::Context& context, const backup::Source& source, int connections,
                       const pg::Conninfo& database) {
  verify::Verification verification;
  context.log.info("comparing the restored rows with the backup's");
  verify::check_data(context, database, source.manifest(), 1.0, connections, verification);
  for (const auto& note : verification.notes) context.warn("before the swap " + note);
  if (verification.passed() == verification.total()) return;
  throw Error{ErrorKind::damaged,
              fmt::format("what was restored is not what was backed up: {}; nothing was swapped",
                          verification.errors().front()),
              "use another backup, or restore beside without --swap and look"};
}

/// The maintenance database must be another than the one to rename.
pg::Conninfo maintenance_conninfo(const run::Context& context, const std::string& database) {
  const auto cluster = context.cluster();
  return cluster.get("dbname") == database ? cluster.with_database("template1") : cluster;
}

std::string result_text(const recover::RestoreOutcome& outcome) {
  std::string text = fmt::format("restored into {} in {}\n", util::quoted(outcome.database),
                                 util::format_duration(util::Duration{outcome.seconds}));
  if (!outcome.kept_as.empty()) {
    text += fmt::format("the old database is {}; drop it when you no longer need it\n",
                        util::quoted(outcome.kept_as));
  }
  return text;
}

std::string needs_text(const recover::ReadyRestore& ready) {
  std::string text;
  for (const auto& table : ready.selection.needed_too) {
    text += fmt::format("  also needed   table {}\n", util::quoted(table));
  }
  for (const auto& reference : ready.loose_references) {
    text += fmt::format("  by name only  {}\n", reference);
  }
  for (const auto& role : ready.missing_roles) {
    text += fmt::format("  missing role  {}\n", util::quoted(role));
  }
  return text;
}

void name_unfinished(run::Context& context, pg::Connection& maintenance) {
  for (const auto& left : recover::unfinished_restores(maintenance)) {
    context.warn(fmt::format("{}; to drop it: {}", left.text(),
                             recover::drop_command(maintenance, left.database)));
  }
}

json names_json(const std::vector<std::string>& names) {
  json result = json::array();
  for (const auto& name : names) result.push_back(util::printable(name));
  return result;
}

cli::Report restore(const RestoreOptions& options, run::Context& context, AuditTrail& trail) {
  require_sense(options, context);
  auto found = find_backup(options, context);
  trail.details["label"] = found.record.label;
  const auto request = to_request(options, context);
  const auto keys = reading_keys(options.keys, context);
  auto source = open_first_good(context, found, keys);
  const auto maintenance_info = maintenance_conninfo(context, options.database);
  auto maintenance = pg::Connection::open(maintenance_info, context.interrupt);
  name_unfinished(context, maintenance);
  auto plan = recover::make_plan(context, maintenance, found.record, source, request);
  if (plan.doubted() && found.better) plan.alternative = to_alternative(*found.better, options);
  trail.details["plan"] = recover::to_json(plan);

  cli::Report report;
  report.result = {{"dry_run", context.dry_run}, {"plan", recover::to_json(plan)}};
  context.terminal.show(recover::to_text(plan));
  recover::require_possible(maintenance, plan);
  if (plan.replaces() && !context.dry_run) {
    trail.confirmation = run::require_confirmation(context.terminal, options.database, options.yes,
                                                   recover::what_is_lost(plan));
  }
  const auto ready = get_ready(context, maintenance, found, source, request, keys);
  report.bytes = source.manifest().size_bytes();
  report.result["store"] = source.store.name;
  report.result["missing_roles"] = names_json(ready.missing_roles);
  report.result["also_restored"] = names_json(ready.selection.needed_too);
  report.result["loose_references"] = ready.loose_references;
  if (context.dry_run) {
    ready.dump->await_end();
    report.text =
        needs_text(ready) + "dry run: the backup was read and proven, nothing was changed\n";
    return report;
  }
  context.terminal.show(needs_text(ready));
  const auto created = recover::settle_roles(context, maintenance, ready, request);
  const auto outcome = recover::carry_out(
      context, maintenance_info, source, ready, plan, [&](const pg::Conninfo& database) {
        check_before_swap(context, source, request.jobs, database);
      });
  trail.details["database"] = util::printable(outcome.database);
  trail.details["kept_as"] = util::printable(outcome.kept_as);
  trail.details["created_roles"] = names_json(created);
  report.result["database"] = util::printable(outcome.database);
  report.result["kept_as"] =
      outcome.kept_as.empty() ? json(nullptr) : json(util::printable(outcome.kept_as));
  report.result["created_roles"] = names_json(created);
  report.result["restore_duration_seconds"] = outcome.seconds;
  report.text = result_text(outcome);
  return report;
}

}  // namespace

void define(CLI::App& app, RestoreOptions& options) {
  app.add_option("ID", options.id, "latest, latest~2, a catalog id, a label or its beginning")
      ->required();
  app.add_option("--db", options.database, "the database to bring back")
      ->required()
      ->type_name("NAME");
  define(app, options.from);
  app.add_option("--into", options.into, "name of the new database; default NAME_restored_TIME")
      ->type_name("NAME");
  app.add_flag("--swap", options.swap,
               "then let it take the old one's name; the old one is kept as NAME_before_TIME");
  app.add_option("--schema", options.schemas, "this schema only; may be given several times")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--table", options.tables,
                 "this table only, as TABLE or SCHEMA.TABLE; may be given several times")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--jobs", options.jobs, "parallel jobs of the restore")
      ->check(CLI::Range(1, 64))
      ->type_name("N");
  app.add_flag("--with-globals", options.with_globals,
               "create roles the dump needs and the server lacks, without asking");
  app.add_flag("--no-owner", options.no_owner, "leave owners and privileges out");
  app.add_option("--yes", options.yes, "the database's name, in place of typing it")
      ->type_name("NAME");
  define(app, options.keys);
}

cli::Report run(const RestoreOptions& options, run::Context& context) {
  return audited(context, "restore", {util::printable(options.database)}, [&](AuditTrail& trail) {
    std::optional<run::SiteLock> lock;
    if (!context.dry_run && !context.config.site.empty()) {
      lock.emplace(context, run::LockName::read, run::LockMode::shared, "restore");
    }
    return restore(options, context, trail);
  });
}

}  // namespace bkp::command
