#include "command/full.hpp"

#include <fmt/format.h>

#include "backup/full_backup.hpp"
#include "cli/table.hpp"
#include "command/backup_json.hpp"
#include "report/runbook_publish.hpp"
#include "retention/usage.hpp"
#include "run/lock.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

namespace {

/// Space and runbook follow every run; their troubles are warnings, the backup stands.
template <class Body>
void warn_on_error(run::Context& context, std::string_view what, Body&& body) {
  try {
    body();
  } catch (const util::Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) throw;
    context.warn(fmt::format("{}: {}", what, error.full_message()));
  }
}

void record_space(run::Context& context, const backup::FullResult& result) {
  std::optional<catalog::Catalog> catalog;
  if (context.recorder.online()) {
    warn_on_error(context, "the forecast of space has no history",
                  [&] { catalog = context.open_catalog(); });
  }
  const backup::Layout layout{context.config.site};
  for (const auto& store : result.stores) {
    warn_on_error(
        context, fmt::format("the space on store {} was not recorded", util::quoted(store.name)),
        [&] { retention::record_usage(context, store, layout, catalog ? &*catalog : nullptr); });
  }
}

std::vector<std::string> good_labels(const backup::FullResult& result) {
  std::vector<std::string> labels;
  for (const auto& item : result.items) {
    if (item.record.good()) labels.push_back(item.record.label);
  }
  return labels;
}

std::string good_stores(const catalog::BackupRecord& record) {
  std::string names;
  for (const auto& copy : record.copies) {
    if (copy.state == catalog::status::completed) names += (names.empty() ? "" : ", ") + copy.store;
  }
  return names;
}

std::string to_text(const backup::FullResult& result, bool dry_run) {
  using Align = cli::Table::Align;
  cli::Table table{{{"DATABASE"},
                    {"STATUS"},
                    {"LABEL"},
                    {"STORED", Align::right},
                    {"DUMPED", Align::right},
                    {"TOOK", Align::right},
                    {"STORES"}}};
  bool any_good = false;
  for (const auto& [record, error] : result.items) {
    any_good = any_good || record.good();
    const bool sized = record.good();
    table.add(
        {record.database_name.value_or(""), record.status, record.label,
         sized ? util::format_size(static_cast<std::uint64_t>(record.size_bytes)) : "",
         sized ? util::format_size(static_cast<std::uint64_t>(record.original_bytes)) : "",
         record.completed_at ? util::format_duration(*record.completed_at - record.started_at) : "",
         good_stores(record)});
  }
  std::string text = table.to_text(cli::terminal_width());
  if (dry_run) text += "dry run: nothing was written\n";
  if (any_good) text += "A hope until restored: `bkp verify` proves it.\n";
  return text;
}

nlohmann::json to_json(run::Context& context, const backup::FullResult& result) {
  std::vector<catalog::BackupRecord> records;
  for (const auto& item : result.items) records.push_back(item.record);
  const std::chrono::duration<double> took = result.finished_at - result.started_at;
  const auto objective = context.config.objectives.window;
  if (took > objective) {
    context.warn(
        fmt::format("the run took {}, longer than the backup window of {} (objectives.window)",
                    util::format_duration(took), util::format_duration(objective)));
  }
  return {{"backups", backups_json(records)},
          {"debris_removed", result.debris_removed},
          {"window",
           {{"objective_seconds", objective.count()},
            {"seconds", took.count()},
            {"met", took <= objective}}}};
}

}  // namespace

void define(CLI::App& app, FullOptions& options) {
  app.add_option("--method", options.method, "dump (this version takes no base backups)")
      ->check(CLI::IsMember({"dump"}))
      ->type_name("METHOD");
  app.add_option("--db", options.databases,
                 "back up this database only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--store", options.stores, "write to this store only; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

cli::Report run(const FullOptions& options, run::Context& context) {
  std::optional<run::SiteLock> lock;
  if (!context.dry_run)
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "full");
  const auto result =
      backup::full_backup(context, {options.databases, options.stores, options.method});
  cli::Report report;
  report.bytes = result.bytes();
  report.error = result.error();
  if (!context.dry_run && context.interrupt.signal() == 0) {
    record_space(context, result);
    if (const auto labels = good_labels(result); !labels.empty())
      report::renew_runbook(context, labels);
  }
  report.result = to_json(context, result);
  report.text = to_text(result, context.dry_run);
  return report;
}

}  // namespace bkp::command
