#include "command/wal_setup.hpp"

#include <fmt/format.h>

#include "command/schedule_setup.hpp"
#include "pg/connection.hpp"
#include "run/terminal.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/setup.hpp"

namespace bkp::command {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::minutes patience{1};

std::string plan_text(const std::vector<wal::SettingChange>& changes) {
  std::string text;
  for (const auto& change : changes) {
    text +=
        fmt::format("\n  {}: {} instead of {}{}", change.name, util::quoted(change.to),
                    util::quoted(change.from), change.needs_restart ? " (after a restart)" : "");
  }
  return text;
}

json to_json(const std::vector<wal::SettingChange>& changes) {
  auto list = json::array();
  for (const auto& change : changes) {
    list.push_back({{"name", change.name},
                    {"from", change.from},
                    {"to", change.to},
                    {"needs_restart", change.needs_restart}});
  }
  return list;
}

void record(run::Context& context, const std::string& action, const std::string& confirmation,
            json details) {
  context.recorder.audit(
      {action, context.config.site, confirmation, std::move(details), context.clock.now()});
}

void change_settings(const WalSetupOptions& options, run::Context& context, pg::Connection& server,
                     const std::vector<wal::SettingChange>& changes) {
  const json details{{"changes", to_json(changes)}};
  std::string confirmation;
  try {
    confirmation = run::require_confirmation(
        context.terminal, context.config.site, options.yes,
        fmt::format("These settings of the server change (ALTER SYSTEM):{}", plan_text(changes)));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::refused) record(context, "wal-setup.refused", "", details);
    throw;
  }
  wal::apply(server, changes, context.clock);
  record(context, "wal-setup", confirmation, details);
}

Error restart_needed(const std::vector<std::string>& settings) {
  return {ErrorKind::partial,
          fmt::format("the server does not archive yet: {} change{} with its next restart",
                      fmt::join(settings, " and "), settings.size() == 1 ? "s" : ""),
          "restart it when that suits, and run `bkp wal-setup` again, which then proves that "
          "archiving works"};
}

}  // namespace

void define(CLI::App& app, WalSetupOptions& options) {
  app.add_option("--yes", options.yes, "the site's name, in place of typing it")->type_name("SITE");
}

cli::Report run(const WalSetupOptions& options, run::Context& context) {
  auto server = pg::Connection::open(context.cluster(), context.interrupt);
  if (server.exec("select pg_catalog.pg_is_in_recovery()").boolean(0, 0)) {
    throw Error{ErrorKind::refused, "the server is a standby: it writes no WAL of its own",
                "run wal-setup against the primary; a standby gets its settings from the "
                "primary's configuration"};
  }
  const auto command = wal::archive_command(wal::installed_program(),
                                            std::filesystem::absolute(context.config.file));
  const auto changes = wal::plan_archiving(server, command, context.config.wal.archive_timeout);
  cli::Report report;
  report.result = {{"archive_command", command},
                   {"changes", to_json(changes)},
                   {"restart_needed", json::array()},
                   {"proven_by", nullptr}};
  if (context.dry_run) {
    report.text = changes.empty() ? std::string{"nothing would change\n"}
                                  : fmt::format("would change:{}\n", plan_text(changes));
    return report;
  }
  if (!changes.empty()) change_settings(options, context, server, changes);
  const auto restart = wal::waiting_for_restart(server);
  report.result["restart_needed"] = restart;
  if (!changes.empty()) report.text = fmt::format("changed:{}\n", plan_text(changes));
  if (!restart.empty()) {
    report.error = restart_needed(restart);
    return report;
  }
  const auto name = wal::prove_archiving(context, server, patience);
  report.result["proven_by"] = name;
  report.text += fmt::format("the server archives: {} is on every required store\n", name);
  if (const auto ids = schedules_without_archive(context); !ids.empty()) {
    report.text += fmt::format(
        "schedules that waited for this are still switched off: "
        "bkp schedule enable {}\n",
        fmt::join(ids, " "));
  }
  return report;
}

}  // namespace bkp::command
