#include "command/wal_check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/wal_need.hpp"
#include "cli/table.hpp"
#include "pg/connection.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "wal/archiver.hpp"
#include "wal/checking.hpp"

namespace bkp::command {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

std::string span_text(const wal::NamedGap& gap) {
  return gap.segments == 1
             ? gap.first
             : fmt::format("{} to {} ({} segments)", gap.first, gap.last, gap.segments);
}

/// The server need not be there: the archive is, and that is what counts then.
std::optional<wal::Archiver> ask_server(run::Context& context) {
  try {
    auto server = pg::Connection::open(context.cluster(), context.interrupt);
    return wal::ask_archiver(server);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
    context.warn(
        fmt::format("the server cannot be asked how far its archiving is: {}", error.message()));
    return std::nullopt;
  }
}

std::vector<wal::KeptBackup> kept_backups(run::Context& context) {
  std::vector<wal::KeptBackup> kept;
  for (const auto& backup : backup::list_backups(context, {})) {
    if (const auto need = backup::wal_need(backup))
      kept.push_back({backup.label, *need, backup.started_at});
  }
  return kept;
}

json damaged_json(const std::vector<wal::DamagedFile>& files) {
  auto list = json::array();
  for (const auto& file : files) list.push_back({{"name", file.name}, {"error", file.error}});
  return list;
}

json to_json(const wal::CheckedStore& store) {
  return {{"store", store.name},
          {"required", store.required},
          {"error", store.failure ? store.failure->full_message() : ""},
          {"files", store.files},
          {"size_bytes", store.stored_bytes},
          {"missing", store.missing},
          {"brought", store.brought},
          {"damaged", damaged_json(store.damaged)},
          {"mended", store.mended},
          {"strange", store.strange}};
}

json to_json(const wal::Archiver& archiver, std::optional<std::chrono::seconds> lag, bool met) {
  const auto time = [](const std::optional<util::Time>& at) {
    return at ? json(util::format_rfc3339(*at)) : json(nullptr);
  };
  return {{"archive_mode", archiver.mode},
          {"last_archived", archiver.last_archived},
          {"last_archived_at", time(archiver.last_archived_at)},
          {"last_failed", archiver.last_failed},
          {"last_failed_at", time(archiver.last_failed_at)},
          {"failed_count", archiver.failed_count},
          {"failing", archiver.failing()},
          {"waiting", archiver.waiting ? json(*archiver.waiting) : json(nullptr)},
          {"lag_seconds", lag ? json(lag->count()) : json(nullptr)},
          {"rpo_met", met}};
}

json to_json(const wal::CheckedArchive& archive) {
  auto stores = json::array();
  for (const auto& store : archive.stores) stores.push_back(to_json(store));
  auto timelines = json::array();
  for (const auto& timeline : archive.timelines) {
    timelines.push_back({{"timeline", timeline.timeline},
                         {"first", timeline.first},
                         {"last", timeline.last},
                         {"segments", timeline.segments},
                         {"archived_at", util::format_rfc3339(timeline.archived_at)}});
  }
  auto gaps = json::array();
  for (const auto& gap : archive.gaps) {
    gaps.push_back({{"first", gap.first},
                    {"last", gap.last},
                    {"segments", gap.segments},
                    {"past", gap.past_by.has_value()},
                    {"past_by", gap.past_by ? json(*gap.past_by) : json(nullptr)},
                    {"backup", gap.label.empty() ? json(nullptr) : json(gap.label)}});
  }
  return {{"stores", std::move(stores)},
          {"timelines", std::move(timelines)},
          {"gaps", std::move(gaps)},
          {"lost", damaged_json(archive.lost)},
          {"opened", archive.opened}};
}

std::string stores_text(const wal::CheckedArchive& archive) {
  cli::Table table{{{"STORE"},
                    {"FILES", cli::Table::Align::right},
                    {"STORED", cli::Table::Align::right},
                    {"BROUGHT", cli::Table::Align::right},
                    {"MISSING", cli::Table::Align::right},
                    {"DAMAGED", cli::Table::Align::right}}};
  for (const auto& store : archive.stores) {
    if (store.failure) {
      table.add({store.name, "unreadable", "", "", "", ""});
      continue;
    }
    table.add({store.name, std::to_string(store.files), util::format_size(store.stored_bytes),
               std::to_string(store.brought.size()), std::to_string(store.missing.size()),
               std::to_string(store.damaged.size())});
  }
  return table.to_text(cli::terminal_width());
}

std::string timelines_text(const wal::CheckedArchive& archive) {
  if (archive.timelines.empty()) return "The archive is empty.\n";
  cli::Table table{{{"TIMELINE", cli::Table::Align::right},
                    {"FIRST", cli::Table::Align::left, cli::Table::Overflow::keep},
                    {"LAST", cli::Table::Align::left, cli::Table::Overflow::keep},
                    {"SEGMENTS", cli::Table::Align::right},
                    {"ARCHIVED"}}};
  for (const auto& timeline : archive.timelines) {
    table.add({std::to_string(timeline.timeline), timeline.first, timeline.last,
               std::to_string(timeline.segments), util::format_rfc3339(timeline.archived_at)});
  }
  return table.to_text(cli::terminal_width());
}

std::string findings_text(const wal::CheckedArchive& archive) {
  std::string text;
  for (const auto& file : archive.lost) text += fmt::format("LOST     {}\n", file.error);
  for (const auto& gap : archive.gaps) {
    text += fmt::format("GAP      {}{}\n", span_text(gap),
                        gap.past_by         ? ", before backup " + *gap.past_by
                        : gap.label.empty() ? ""
                                            : ", which backup " + gap.label + " needs");
  }
  for (const auto& store : archive.stores) {
    if (store.failure) {
      text += fmt::format("STORE    {}: {}\n", store.name,
                          util::printable(store.failure->full_message()));
    }
    for (const auto& file : store.damaged) text += fmt::format("DAMAGED  {}\n", file.error);
    for (const auto& name : store.mended)
      text += fmt::format("MENDED   {} on {}\n", name, store.name);
    for (const auto& key : store.strange)
      text += fmt::format("STRANGE  {} on {} is nothing that bkp archives\n", util::quoted(key),
                          store.name);
  }
  return text;
}

std::string archiver_text(const wal::Archiver& archiver, std::optional<std::chrono::seconds> lag) {
  if (archiver.mode == "off") return "The server does not archive: archive_mode is off.\n";
  auto text = fmt::format("Server: {} files wait, at most {} of changes are in no store{}.\n",
                          archiver.waiting ? std::to_string(*archiver.waiting) : "unknown how many",
                          lag ? util::format_duration(*lag) : "an unknown time",
                          archiver.failing() ? ", and archiving FAILS" : "");
  return text;
}

bool uses_wal_push(const wal::Archiver& archiver) {
  return archiver.command.find("wal-push") != std::string::npos;
}

/// The worst of what was found decides; what is over comes after what goes on.
std::optional<Error> verdict(const wal::CheckedArchive& archive,
                             const std::optional<wal::Archiver>& archiver, bool rpo_met) {
  const auto open =
      std::ranges::find_if(archive.gaps, [](const auto& gap) { return !gap.past_by; });
  if (open != archive.gaps.end()) {
    return Error{ErrorKind::damaged,
                 fmt::format("the archived WAL has a gap: {}{}", span_text(*open),
                             open->label.empty() ? "" : ", which backup " + open->label + " needs"),
                 "no recovery gets past a gap. Push the files again if the server still has them "
                 "(`bkp wal-push` in its data directory), and take a base backup now: recovery to "
                 "times after it does not need what is missing"};
  }
  if (!archive.lost.empty()) {
    return Error{ErrorKind::damaged,
                 fmt::format("{} archived files are damaged on every store that has them, or gone; "
                             "the first: {}",
                             archive.lost.size(), archive.lost.front().error),
                 "push them again if the server still has them, and take a base backup now"};
  }
  for (const auto& store : archive.stores) {
    if (store.damaged.empty()) continue;
    return Error{ErrorKind::damaged,
                 fmt::format("{} archived files are damaged on store {}; another store has them",
                             store.damaged.size(), util::quoted(store.name)),
                 "`bkp wal-check --mend` replaces them by the good copies"};
  }
  if (archiver && !archiver->last_archived.empty() &&
      std::ranges::find(archive.names, archiver->last_archived) == archive.names.end() &&
      (archive.names.empty() || archiver->last_archived > archive.names.back())) {
    return Error{ErrorKind::damaged,
                 fmt::format("the server says that it has archived {}, and no store has it",
                             archiver->last_archived),
                 "is its archive_command `bkp wal-push` with this configuration? `bkp wal-setup` "
                 "proves it"};
  }
  if (archiver && archiver->failing()) {
    return Error{ErrorKind::partial,
                 fmt::format("the server's archiving fails: {} at {}, {} times so far",
                             archiver->last_failed, util::format_rfc3339(*archiver->last_failed_at),
                             archiver->failed_count),
                 "its log has what wal-push said; until it works again pg_wal grows"};
  }
  if (archiver && archiver->mode == "off" && !archive.timelines.empty()) {
    return Error{
        ErrorKind::partial, "the server does not archive any more: archive_mode is off",
        "after a recovery it is so until `bkp wal-setup` and a restart; take a base backup "
        "then"};
  }
  if (archiver && archiver->mode != "off" && !uses_wal_push(*archiver)) {
    return Error{ErrorKind::partial,
                 fmt::format("the server archives with another command, {}",
                             util::quoted(archiver->command)),
                 "`bkp wal-setup` lets it archive with bkp"};
  }
  for (const auto& store : archive.stores) {
    if (store.failure && store.required) return store.failure;
    if (store.missing.empty()) continue;
    return Error{ErrorKind::partial,
                 fmt::format("store {} lacks {} archived files", util::quoted(store.name),
                             store.missing.size()),
                 "another wal-check brings them there"};
  }
  if (!rpo_met) {
    return Error{ErrorKind::partial, "the archive is further behind than objectives.rpo allows",
                 "set archive_timeout (`bkp wal-setup`), and see why files wait"};
  }
  const auto past = std::ranges::find(archive.gaps, true, &wal::NamedGap::promised);
  if (past != archive.gaps.end()) {
    return Error{
        ErrorKind::damaged,
        fmt::format("the archived WAL had a gap: {}; recovery to times after it and "
                    "before the end of backup {} is not possible",
                    span_text(*past), *past->past_by),
        "push the files again if the server still has them (`bkp wal-push` in its data "
        "directory); else this is said until retention.wal promises those times no longer"};
  }
  return std::nullopt;
}

}  // namespace

void define(CLI::App& app, WalCheckOptions& options) {
  app.add_option("--level", options.level, "names, or content: every byte too")
      ->check(CLI::IsMember({"names", "content"}))
      ->type_name("LEVEL");
  app.add_flag("--mend", options.mend, "replace damaged copies by good ones of other stores");
}

cli::Report run(const WalCheckOptions& options, run::Context& context) {
  wal::CheckOptions check;
  check.level = options.level == "names" ? wal::CheckLevel::names : wal::CheckLevel::content;
  check.mend = options.mend;
  const auto archive = wal::check_archive(context, check, kept_backups(context));
  const auto archiver = ask_server(context);
  const auto lag = archiver ? archiver->lag(context.clock.now()) : std::nullopt;
  const bool archives = archiver && archiver->mode != "off" && !archiver->in_recovery;
  // Without the number of files that wait, an idle server looks like one that lags.
  const bool known = archives && archiver->waiting.has_value();
  const bool rpo_met = !known || (lag && *lag <= context.config.objectives.rpo);
  if (archives && !known) {
    context.warn(
        "how far the server's archiving is behind cannot be told: its role needs "
        "pg_monitor");
  }
  if (!archive.opened && check.level == wal::CheckLevel::content) {
    context.log.info(
        "no identity here opens the sealed WAL: it was held against the digests taken "
        "when it was archived");
  }
  cli::Report report;
  report.result = to_json(archive);
  report.result["archiver"] = archiver ? to_json(*archiver, lag, rpo_met) : json(nullptr);
  const auto findings = findings_text(archive);
  report.text = stores_text(archive) + timelines_text(archive) + findings;
  report.text_of_failures = findings;
  if (archiver) {
    const auto text = archiver_text(*archiver, lag);
    report.text += text;
    if (archiver->failing() || archiver->mode == "off") *report.text_of_failures += text;
  }
  for (const auto& store : archive.stores) report.bytes += store.stored_bytes;
  report.error = verdict(archive, archiver, rpo_met);
  return report;
}

}  // namespace bkp::command
