#include "command/backup_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/table.hpp"
#include "command/backup_json.hpp"
#include "command/backup_text.hpp"
#include "report/runbook_publish.hpp"
#include "retention/usage.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

namespace {

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

std::string to_text(const backup::FullResult& result, bool dry_run) {
  using Align = cli::Table::Align;
  constexpr auto keep = cli::Table::Overflow::keep;
  cli::Table table{{{"DATABASE"},
                    {"STATUS"},
                    {"LABEL", Align::left, keep},
                    {"STORED", Align::right, keep},
                    {"DUMPED", Align::right, keep},
                    {"TOOK", Align::right, keep},
                    {"STORES"}}};
  bool any_good = false;
  for (const auto& item : result.items) {
    const auto& record = item.record;
    any_good = any_good || record.good();
    const bool sized = record.good();
    const auto whole = record.backup_type == "config" ? "(configuration)" : "(cluster)";
    table.add({record.database_name.value_or(whole), record.status, record.label,
               sized ? size_text(record.size_bytes) : "",
               sized ? size_text(record.original_bytes) : "",
               item.took.count() > 0 ? util::format_duration(item.took) : "", stores_text(record)});
  }
  std::string text = table.to_text(cli::terminal_width());
  for (const auto& copy : result.brought) text += copied_text(copy);
  for (const auto& copy : result.missing_copies) {
    text += fmt::format("{} of {} on store {}\n",
                        dry_run ? "would make the missing copy" : "still missing: the copy",
                        util::printable(copy.backup.label), copy.to.name);
  }
  if (dry_run) text += "dry run: nothing was written\n";
  if (any_good) text += "A hope until restored: `bkp verify` proves it.\n";
  return text;
}

std::chrono::duration<double> duration_of(const backup::FullResult& result) {
  return result.finished_at - result.started_at;
}

void warn_when_late(run::Context& context, const backup::FullResult& result) {
  const auto window = context.config.objectives.window;
  if (duration_of(result) <= window) return;
  context.warn(
      fmt::format("the run took {}, longer than the backup window of {} (objectives.window)",
                  util::format_duration(duration_of(result)), util::format_duration(window)));
}

nlohmann::json to_json(const backup::FullResult& result, std::chrono::seconds window) {
  std::vector<catalog::BackupRecord> records;
  for (const auto& item : result.items) records.push_back(item.record);
  auto copied = nlohmann::json::array();
  for (const auto& copy : result.brought) copied.push_back(copied_json(copy));
  auto missing = nlohmann::json::array();
  for (const auto& copy : result.missing_copies)
    missing.push_back({{"label", copy.backup.label}, {"to", copy.to.name}});
  const auto took = duration_of(result);
  // What did not come to its end took no time to speak of.
  const bool all_good = std::ranges::all_of(records, &catalog::BackupRecord::good);
  return {{"backups", backups_json(records)},
          {"debris_removed", result.debris_removed},
          {"copied", copied},
          {"missing_copies", missing},
          {"window",
           {{"objective_seconds", window.count()},
            {"seconds", took.count()},
            {"met", all_good ? nlohmann::json(took <= window) : nlohmann::json(nullptr)}}}};
}

}  // namespace

cli::Report report_of(run::Context& context, const backup::FullResult& result) {
  cli::Report report;
  report.bytes = result.bytes();
  report.error = result.error();
  if (!context.dry_run && context.interrupt.signal() == 0) {
    record_space(context, result);
    if (const auto labels = good_labels(result); !labels.empty())
      report::renew_runbook(context, labels);
  }
  warn_when_late(context, result);
  report.result = to_json(result, context.config.objectives.window);
  report.text = to_text(result, context.dry_run);
  return report;
}

}  // namespace bkp::command
