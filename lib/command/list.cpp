#include "command/list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "cli/table.hpp"
#include "command/backup_json.hpp"
#include "command/backup_text.hpp"
#include "command/choice.hpp"
#include "command/time_option.hpp"
#include "util/error.hpp"
#include "util/units.hpp"

namespace bkp::command {

void define(CLI::App& app, ListOptions& options) {
  add_type_option(app, options.type, "backups of this type only");
  app.add_option("--db", options.database, "backups of this database only")->type_name("NAME");
  app.add_option("--since", options.since, "started then or later: a time, or a duration ago")
      ->check(check_moment)
      ->type_name("TIME");
  app.add_option("--until", options.until, "started before: a time, or a duration ago")
      ->check(check_moment)
      ->type_name("TIME");
  app.add_option("--status", options.status, "backups with this status only")
      ->check(CLI::IsMember(
          {"pending", "running", "completed", "partial", "failed", "cancelled", "purged"}))
      ->type_name("STATUS");
  app.add_option("--verified", options.verified, "yes: proven by a restore; no: not (yet)")
      ->check(CLI::IsMember({"yes", "no"}))
      ->type_name("YES|NO");
}

catalog::BackupFilter filter_of(const ListOptions& options, util::Time now) {
  catalog::BackupFilter filter;
  if (!options.type.empty()) filter.backup_type = options.type;
  if (!options.database.empty()) filter.database = options.database;
  if (!options.since.empty()) filter.since = parse_moment(options.since, now, Direction::ago);
  if (!options.until.empty()) filter.until = parse_moment(options.until, now, Direction::ago);
  if (!options.status.empty()) filter.status = options.status;
  if (!options.verified.empty()) filter.verified = options.verified == "yes";
  filter.include_purged = options.status == catalog::status::purged;
  if (filter.since && filter.until && *filter.since >= *filter.until) {
    throw util::Error{
        util::ErrorKind::usage,
        fmt::format("--since {} is not before --until {}", options.since, options.until),
        "a duration counts back from now: --since 7d --until 1d"};
  }
  return filter;
}

namespace {

std::string summary(const std::vector<catalog::BackupRecord>& backups) {
  const auto unproven = std::count_if(backups.begin(), backups.end(), [](const auto& backup) {
    return backup.good() && !backup.verified;
  });
  std::int64_t bytes = 0;
  for (const auto& backup : backups) {
    if (backup.good()) bytes += backup.size_bytes;
  }
  auto text = fmt::format("{} backup{}, {}", backups.size(), backups.size() == 1 ? "" : "s",
                          size_text(bytes));
  if (unproven > 0) {
    text += fmt::format("; {} not verified: a hope until `bkp verify` has restored it", unproven);
  }
  return text + "\n";
}

/// Of what it is: a database, or a version of the configuration.
std::string subject_text(const catalog::BackupRecord& backup) {
  if (backup.export_version) return fmt::format("v{}", *backup.export_version);
  return backup.database_name.value_or("-");
}

bool narrowed(const catalog::BackupFilter& filter) {
  return filter.backup_type || filter.database || filter.since || filter.until || filter.status ||
         filter.verified;
}

}  // namespace

std::string list_text(const std::vector<catalog::BackupRecord>& newest_first, util::Time now,
                      std::size_t width) {
  using Align = cli::Table::Align;
  constexpr auto keep = cli::Table::Overflow::keep;
  cli::Table table{{{"ID", Align::right, keep},
                    {"LABEL", Align::left, keep},
                    {"DATABASE"},
                    {"AGE", Align::right, keep},
                    {"SIZE", Align::right, keep},
                    {"STATE"},
                    {"STORES"}}};
  for (const auto& backup : newest_first) {
    table.add({backup.id == 0 ? "-" : std::to_string(backup.id), backup.label, subject_text(backup),
               util::format_duration(now - backup.started_at), size_text(backup.size_bytes),
               state_text(backup, now), stores_text(backup)});
  }
  return table.to_text(width) + summary(newest_first);
}

cli::Report run(const ListOptions& options, run::Context& context) {
  const auto now = context.clock.now();
  const auto filter = filter_of(options, now);
  const auto backups = backup::list_backups(context, filter);
  cli::Report report;
  // Of a hundred thousand backups either takes half a second.
  if (context.wants_json) report.result["backups"] = backups_json(backups);
  if (!context.wants_text) return report;
  if (!backups.empty()) {
    report.text = list_text(backups, now, cli::terminal_width());
  } else {
    report.text = narrowed(filter)
                      ? "no backup is like that; without filters `bkp list` shows all\n"
                      : "no backups yet: `bkp full` makes one\n";
  }
  return report;
}

}  // namespace bkp::command
