#include "command/config_restore.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "command/audit_trail.hpp"
#include "command/reveal.hpp"
#include "exports/restore.hpp"
#include "exports/versions.hpp"
#include "run/lock.hpp"
#include "run/state.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

exports::RestoreRequest request_of(const ConfigRestoreOptions& options) {
  exports::RestoreRequest request;
  request.sections = options.sections;
  request.scope.delete_extra = options.delete_extra;
  request.reveal = options.reveal;
  return request;
}

std::string plan_text(const exports::Contents& exported, const exports::RestorePlan& plan,
                      const ConfigRestoreOptions& options, util::Time now) {
  auto text = fmt::format("version {} of {} ({} old), of host {}\n", exported.version,
                          util::format_rfc3339(exported.collected_at),
                          util::format_duration(now - exported.collected_at),
                          util::printable(exported.host));
  if (!plan.empty()) text += "from now to the export:\n";
  text += exports::to_text(plan.difference);
  for (const auto& note : plan.notes) text += fmt::format("note: {}\n", util::printable(note));
  if (plan.extra_rows > 0) {
    text += options.delete_extra
                ? fmt::format("{} rows that the export has not are DELETED\n", plan.extra_rows)
                : fmt::format("{} rows that the export has not stay (--delete-extra)\n",
                              plan.extra_rows);
  }
  return text;
}

/// Those that are changed.
json sections_of(const exports::RestorePlan& plan) {
  std::set<std::string> names;
  for (const auto& table : plan.tables) names.insert(table.section);
  for (const auto& file : plan.files) names.insert(file.section);
  return names;
}

std::string what_happens(const exports::RestorePlan& plan, bool delete_extra) {
  std::size_t rows = 0;
  for (const auto& table : plan.tables) {
    rows += static_cast<std::size_t>(std::ranges::count_if(table.changes, [&](const auto& change) {
      return delete_extra || change.change != exports::Change::removed;
    }));
  }
  return fmt::format("{} rows of {} tables and {} files become what they are in the export", rows,
                     plan.tables.size(), plan.files.size());
}

/// Where files that are replaced are kept: by the time of the restore.
std::filesystem::path saved_directory(const run::Context& context) {
  return run::state_directory(context.config, "replaced") /
         util::format_compact(context.clock.now());
}

json to_json(const exports::RestorePlan& plan, const exports::Contents& exported) {
  return {{"version", exported.version},
          {"collected_at", util::format_rfc3339(exported.collected_at)},
          {"sections", exports::to_json(plan.difference)},
          {"notes", plan.notes},
          {"tables", plan.tables.size()},
          {"files", plan.files.size()},
          {"extra_rows", plan.extra_rows}};
}

std::string advice_after(const exports::RestorePlan& plan, const exports::Contents& exported) {
  for (const auto& file : plan.files) {
    if (exported.section(file.section)->kind == exports::SectionKind::server)
      return "let the server read its files again: psql -c 'SELECT pg_reload_conf()'; what then "
             "still says pending_restart in pg_settings needs a restart\n";
  }
  return {};
}

/// What a run that was killed has begun is taken back first.
void end_unfinished(run::Context& context) {
  for (const auto& restore : exports::find_unfinished(context.config)) {
    const auto taken = exports::take_back(restore);
    context.recorder.audit(
        {.action = "config-restore.taken_back",
         .subject = context.config.site,
         .details = {{"directory", restore.directory.string()}, {"files", taken}},
         .at = context.clock.now()});
    context.warn(
        restore.committing
            ? fmt::format("a restore was killed at its end ({}): its files are in place, its rows "
                          "may not be",
                          restore.directory.string())
            : fmt::format("a restore was killed ({}): {} files it had written are taken back",
                          restore.directory.string(), taken.size()));
  }
}

cli::Report restore(const ConfigRestoreOptions& options, run::Context& context, AuditTrail& trail) {
  const auto all = exports::list_exports(context);
  const auto& record = exports::select_export(all, options.id);
  trail.details["label"] = record.label;
  const auto exported = exports::open_export(context, record, reading_keys(options.keys, context));
  const auto request = request_of(options);
  const auto plan = exports::plan_restore(context, exported, request);
  trail.details["sections"] = sections_of(plan);
  trail.details["tables"] = plan.tables.size();
  trail.details["files"] = plan.files.size();
  trail.details["revealed"] = options.reveal;

  cli::Report report;
  report.result = to_json(plan, exported);
  report.result["dry_run"] = context.dry_run;
  context.terminal.show(plan_text(exported, plan, options, context.clock.now()));
  if (plan.empty()) {
    report.text = plan.notes.empty()
                      ? "nothing to do: all is as in the export\n"
                      : "nothing to do: what this command restores is as in the export\n";
    return report;
  }
  if (context.dry_run) {
    report.text = "dry run: nothing was changed\n";
    return report;
  }
  trail.confirmation = run::require_confirmation(context.terminal, context.config.site, options.yes,
                                                 what_happens(plan, options.delete_extra));
  const auto saved = saved_directory(context);
  context.recorder.audit({"config-restore.begun", trail.subject, trail.confirmation, trail.details,
                          context.clock.now()});
  exports::carry_out(context, plan, request, saved);
  const auto kept = saved / "files";
  const bool replaced = std::filesystem::exists(kept);
  report.result["replaced_files"] = replaced ? json(kept.string()) : json(nullptr);
  report.text = "restored: " + what_happens(plan, options.delete_extra) + "\n";
  if (replaced) report.text += fmt::format("what was replaced is in {}\n", kept.string());
  report.text += advice_after(plan, exported);
  return report;
}

}  // namespace

void define(CLI::App& app, ConfigRestoreOptions& options) {
  app.add_option("ID", options.id,
                 "v7 for version 7, latest, latest~2, a catalog id, a label or its beginning; "
                 "default: latest");
  app.add_option("--section", options.sections, "this section only; may be given several times")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_flag("--delete-extra", options.delete_extra,
               "delete rows that the export has not, of the tables it has");
  app.add_flag("--reveal", options.reveal, "show the values of sealed sections in the plan");
  app.add_option("--yes", options.yes, "the site's name, in place of typing it")->type_name("NAME");
  define(app, options.keys);
}

cli::Report run(const ConfigRestoreOptions& options, run::Context& context) {
  require_record_of_reveal(options.reveal, context);
  return audited(context, "config-restore", {context.config.site}, [&](AuditTrail& trail) {
    std::optional<run::SiteLock> lock;
    if (!context.dry_run) {
      lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "config-restore");
      end_unfinished(context);
    }
    return restore(options, context, trail);
  });
}

}  // namespace bkp::command
