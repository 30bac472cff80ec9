#include <fmt/format.h>

#include <algorithm>

#include "backup/databases.hpp"
#include "catalog/migrate.hpp"
#include "check/topics.hpp"
#include "report/command_text.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::check {

namespace {

// A run leaves some ten events; a thousand say that the catalog is away for long, or refuses them.
constexpr std::size_t many_events = 1000;
constexpr std::uint64_t little_space = std::uint64_t{100} << 20U;

bool is_same_cluster(run::Context& context, pg::Connection& catalog,
                     const std::optional<ServerFacts>& server) {
  if (!context.config.catalog.conninfo) return true;
  const auto identifier = backup::system_identifier(catalog);
  return server && !identifier.empty() && identifier == server->system_identifier;
}

void examine_grants(const std::string& schema, pg::Connection& connection, Findings& findings) {
  const auto may = connection.exec(
      "select current_user, has_table_privilege(format('%I.runs', $1::text), 'insert') and "
      "has_table_privilege(format('%I.backups', $1::text), 'update')",
      {schema});
  if (may.boolean(0, 1)) return;
  const auto role = std::string{may.text(0, 0)};
  findings.error(
      "catalog",
      util::Error{util::ErrorKind::database,
                  fmt::format("role {} may not write to the catalog: no run can be recorded",
                              util::quoted(role)),
                  fmt::format("GRANT bkp_writer TO {};  (as the catalog's owner)",
                              report::sql_identifier(util::printable(role)))});
}

void examine_set_aside(const std::filesystem::path& directory, Findings& findings) {
  std::error_code error;
  std::size_t bad = 0;
  for (std::filesystem::directory_iterator entry{directory, error}, end; entry != end && !error;
       entry.increment(error)) {
    if (entry->path().extension() == ".bad") ++bad;
  }
  if (bad == 0) return;
  findings.warning("spool",
                   fmt::format("{} file{} in {} could not be delivered and was set aside", bad,
                               bad == 1 ? "" : "s", util::quoted(directory.string())),
                   "look into the *.bad files, then remove them; `bkp catalog rebuild` finds the "
                   "backups again");
}

void examine_spool(run::Context& context, Findings& findings) {
  const auto& directory = context.config.catalog.spool_directory;
  examine_set_aside(directory, findings);
  const auto waiting = context.recorder.spooled();
  std::error_code error;
  auto existing = directory;
  while (existing.has_relative_path() && !std::filesystem::exists(existing, error)) {
    existing = existing.parent_path();
  }
  const auto space = util::file_system_space(existing);
  if (space.available < little_space) {
    findings.warning("spool",
                     fmt::format("only {} left for {}", util::format_size(space.available),
                                 util::quoted(directory.string())),
                     "free some space there, or set catalog.spool_directory elsewhere");
  }
  if (waiting >= many_events) {
    findings.warning("spool", fmt::format("{} records wait for the catalog", waiting),
                     "make the catalog reachable; any command then delivers them");
  } else if (waiting > 0) {
    findings.ok("spool", fmt::format("{} record{} the catalog", waiting,
                                     waiting == 1 ? " waits for" : "s wait for"));
  } else {
    findings.ok("spool", "nothing waits for the catalog");
  }
}

}  // namespace

void examine_catalog(run::Context& context, const std::optional<ServerFacts>& server,
                     Findings& findings) {
  const bool reachable = findings.attempt("catalog", [&] {
    auto catalog = context.open_catalog();
    findings.ok(
        "catalog",
        fmt::format("schema {} has version {}: {}", util::quoted(context.config.catalog.schema),
                    catalog::newest_version(), catalog.connection().conninfo().describe()));
    examine_grants(context.config.catalog.schema, catalog.connection(), findings);
    if (!is_same_cluster(context, catalog.connection(), server)) return;
    findings.warning(
        "catalog", "the catalog lives in the cluster it protects: both are lost at once",
        "set catalog.conninfo to another cluster; a lost catalog can be made again with "
        "`bkp catalog rebuild --store NAME`");
  });
  // The finding says it; a warning would say it again.
  if (!reachable) context.recorder.claim_outage_warning();
  findings.attempt("spool", [&] { examine_spool(context, findings); });
}

}  // namespace bkp::check
