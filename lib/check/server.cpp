#include <fmt/format.h>

#include <algorithm>

#include "backup/databases.hpp"
#include "backup/site_file.hpp"
#include "check/topics.hpp"
#include "recover/unfinished.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "wal/archive_key.hpp"
#include "wal/archiver.hpp"

namespace bkp::check {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t most_names = 8;

std::string name_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i) {
    text += (i == 0 ? "" : ", ") + util::quoted(names[i]);
  }
  if (names.size() > most_names) text += fmt::format(" and {} more", names.size() - most_names);
  return text;
}

std::vector<std::string> examine_databases(run::Context& context, pg::Connection& connection,
                                           Findings& findings) {
  const auto& wanted = context.config.databases;
  std::vector<std::string> names;
  const auto chosen =
      backup::select_databases(connection, wanted, {}, context.config.verify.database_prefix);
  for (const auto& database : chosen) names.push_back(database.name);
  for (const auto& name : backup::missing_databases(chosen, wanted)) {
    findings.error(
        "databases",
        Error{
            ErrorKind::config,
            fmt::format("the database {} is to be backed up and is not there", util::quoted(name)),
            "correct `databases` in the configuration; `psql -l` lists what there is"});
  }
  if (names.empty()) {
    throw Error{ErrorKind::config, "no database is backed up: none matches `databases`",
                "correct `databases` in the configuration; `psql -l` lists what there is"};
  }
  findings.ok("databases", "backed up: " + name_list(names));
  return names;
}

/// Labels, schedules and targets in time go by this host's, what is recovered by the server's.
void examine_clock(const run::Context& context, pg::Connection& connection, Findings& findings) {
  constexpr std::chrono::seconds tolerable{30};
  const auto before = context.clock.now();
  const auto there = connection.exec("select extract(epoch from clock_timestamp())").number(0, 0);
  const auto after = context.clock.now();
  const auto here = util::Duration{(before + (after - before) / 2).time_since_epoch()}.count();
  const std::chrono::duration<double> ahead{here - there};
  if (std::chrono::abs(ahead) <= tolerable) {
    findings.ok("clock", "as the server's");
    return;
  }
  findings.warning("clock",
                   fmt::format("the clock of this host is {} {} the server's",
                               util::format_duration(std::chrono::abs(ahead)),
                               ahead.count() > 0 ? "ahead of" : "behind"),
                   "let both keep time: timedatectl set-ntp true");
}

RoleRights ask_rights(pg::Connection& connection) {
  const auto row = connection.exec(
      "select rolname, rolsuper, rolcreatedb, "
      "has_table_privilege('pg_catalog.pg_authid', 'select') "
      "from pg_roles where rolname = current_user");
  return {std::string{row.text(0, 0)}, row.boolean(0, 1), row.boolean(0, 2), row.boolean(0, 3)};
}

void examine_rights(run::Context& context, pg::Connection& connection,
                    const std::vector<std::string>& databases, Findings& findings) {
  const auto rights = ask_rights(connection);
  judge_rights(rights, findings);
  if (rights.superuser) return;
  const auto before = findings.count(Finding::Status::error);
  for (const auto& database : databases) {
    findings.attempt("rights", [&] {
      auto inside =
          pg::Connection::open(context.cluster().with_database(database), context.interrupt);
      judge_unreadable(rights.name, find_unreadable(inside), findings);
    });
  }
  if (findings.count(Finding::Status::error) == before) {
    findings.ok("rights", fmt::format("role {} can read everything in these databases",
                                      util::quoted(rights.name)));
  }
}

void examine_programs(run::Context& context, int server_version, Findings& findings) {
  auto tools = context.tools();
  for (const std::string program : {"pg_dump", "pg_dumpall", "pg_restore"}) {
    findings.attempt("programs", [&] {
      const auto path = tools.find(program, server_version);
      findings.ok("programs", fmt::format("{} {}", path.string(),
                                          pg::format_version(tools.version_of(path).value_or(0))));
    });
  }
}

/// Why the site needs the WAL: base backups do. Empty where it has never archived any.
std::string need_of_wal(const run::Context& context) {
  const auto& methods = context.config.full.method;
  if (std::ranges::find(methods, "base") != methods.end()) return "full.method has base";
  const auto root = wal::archive_root(context.config.site);
  for (const auto& named : backup::open_stores_of_site(context).stores) {
    try {
      if (!named.store->names(root).empty())
        return fmt::format("store {} has archived WAL", util::quoted(named.name));
    } catch (const Error& error) {
      // Stores have findings of their own.
      if (error.kind() == ErrorKind::interrupted) throw;
    }
  }
  return {};
}

void examine_archiving(run::Context& context, pg::Connection& connection, Findings& findings) {
  const auto archiver = wal::ask_archiver(connection);
  const bool ours = archiver.command.find("wal-push") != std::string::npos;
  if (archiver.in_recovery) return;
  if (archiver.mode == "off" || !ours) {
    const auto need = need_of_wal(context);
    if (need.empty()) return;
    throw Error{ErrorKind::database,
                archiver.mode == "off"
                    ? need + ", and the server does not archive"
                    : need + ", and the server's archive_command is not `bkp wal-push`",
                "`bkp wal-setup` lets it archive, and proves it"};
  }
  if (archiver.failing()) {
    throw Error{ErrorKind::database,
                fmt::format("the server fails to archive {}", archiver.last_failed),
                "its log has what wal-push said; pg_wal grows until it works again"};
  }
  findings.ok("archiving", archiver.last_archived.empty()
                               ? "nothing was archived yet"
                               : "the last file archived is " + archiver.last_archived);
}

void examine_restores(pg::Connection& connection, Findings& findings) {
  for (const auto& left : recover::unfinished_restores(connection)) {
    findings.warning("restores", left.text(), recover::drop_command(connection, left.database));
  }
}

ServerFacts ask_facts(run::Context& context, pg::Connection& connection) {
  ServerFacts facts;
  facts.system_identifier = backup::system_identifier(connection);
  const auto names = connection.exec("select datname from pg_database");
  for (int row = 0; row < names.rows(); ++row) facts.present.emplace_back(names.text(row, 0));
  const auto& conninfo = connection.conninfo();
  const auto host = conninfo.get("host");
  facts.local = !conninfo.get("hostaddr") && (!host || host->starts_with('/'));
  if (context.config.cluster.data_directory) {
    facts.data_directory = *context.config.cluster.data_directory;
  } else {
    // Without pg_read_all_settings there is no such row.
    const auto row =
        connection.exec("select setting from pg_settings where name = 'data_directory'");
    if (row.rows() > 0) facts.data_directory = std::string{row.text(0, 0)};
  }
  return facts;
}

}  // namespace

std::optional<ServerFacts> examine_server(run::Context& context, Findings& findings) {
  std::optional<ServerFacts> facts;
  findings.attempt("server", [&] {
    auto connection = pg::Connection::open(context.cluster(), context.interrupt);
    findings.ok("server", fmt::format("PostgreSQL {} answers: {}",
                                      pg::format_version(connection.server_version()),
                                      connection.conninfo().describe()));
    if (connection.exec("select pg_is_in_recovery()").boolean(0, 0)) {
      findings.warning("server", "the server is a standby: long dumps may be cancelled by replay",
                       "connect to the primary, or raise max_standby_streaming_delay there");
    }
    examine_clock(context, connection, findings);
    facts = ask_facts(context, connection);
    findings.attempt("databases",
                     [&] { facts->databases = examine_databases(context, connection, findings); });
    examine_rights(context, connection, facts->databases, findings);
    examine_programs(context, connection.server_version(), findings);
    findings.attempt("archiving", [&] { examine_archiving(context, connection, findings); });
    findings.attempt("restores", [&] { examine_restores(connection, findings); });
  });
  return facts;
}

}  // namespace bkp::check
