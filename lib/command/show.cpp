#include "command/show.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "cli/table.hpp"
#include "command/backup_text.hpp"
#include "retention/plan.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using Align = cli::Table::Align;

void define(CLI::App& app, ShowOptions& options) {
  define(app, options.backup);
}

namespace {

struct Contents {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::uint64_t large_objects = 0;
};

std::optional<Contents> contents_of(const backup::Manifest& manifest) {
  if (!manifest.fingerprint) return std::nullopt;
  Contents contents;
  contents.tables = manifest.fingerprint->tables.size();
  contents.large_objects = manifest.fingerprint->large_objects.count;
  for (const auto& table : manifest.fingerprint->tables) contents.rows += table.rows;
  return contents;
}

std::string when(util::Time time, util::Time now) {
  return fmt::format("{} ({})", util::format_rfc3339(time), age_text(time, now));
}

/// Lines of a name and a value; a value that is empty leaves no line.
class Sheet {
 public:
  void add(std::string_view name, std::string_view value) {
    if (!value.empty()) m_text += fmt::format("{:<14} {}\n", name, util::printable(value));
  }
  void heading(std::string_view title) { m_text += fmt::format("\n{}\n", title); }
  void append(std::string_view text) { m_text += text; }
  std::string take() && { return std::move(m_text); }

 private:
  std::string m_text;
};

std::string size_line(const catalog::BackupRecord& backup) {
  auto text = size_text(backup.size_bytes) + " stored";
  if (backup.original_bytes <= 0) return text;
  const auto share =
      static_cast<double>(backup.size_bytes) / static_cast<double>(backup.original_bytes);
  return text + fmt::format(", {} before compression ({:.0f}%)", size_text(backup.original_bytes),
                            share * 100);
}

std::string verification_line(const catalog::BackupRecord& backup, util::Time now) {
  auto text = verification_text(backup, now);
  if (backup.verified || !backup.good()) return text;
  return text + fmt::format(": a hope until `bkp verify {}` has restored it",
                            util::shell_quoted(backup.label));
}

/// `made_of` is the backup that it was made of later, empty for all others.
void add_identity(Sheet& sheet, const catalog::BackupRecord& backup, const std::string& made_of,
                  util::Time now) {
  sheet.add("backup", backup.label);
  if (backup.id != 0) sheet.add("id", std::to_string(backup.id));
  sheet.add("type", fmt::format("{}, {}", backup.backup_type, backup.method));
  sheet.add("database", backup.database_name.value_or(""));
  sheet.add("built on", backup.parent_label.value_or(""));
  sheet.add("made of", made_of);
  sheet.add("status", backup.status);
  if (backup.confirmed_at) sheet.add("same until", when(*backup.confirmed_at, now));
  sheet.add("error", backup.error_message);
  sheet.add("verified", verification_line(backup, now));
  if (retention::is_held(backup.held_until, now)) {
    sheet.add("hold", retention::describe_hold(*backup.held_until, backup.hold_reason));
  }
  sheet.add("started", when(backup.started_at, now));
  if (backup.completed_at) {
    sheet.add("completed", when(*backup.completed_at, now));
    if (made_of.empty())
      sheet.add("took", util::format_duration(*backup.completed_at - backup.started_at));
  }
  if (backup.purged_at) sheet.add("purged", when(*backup.purged_at, now));
  sheet.add("size", size_line(backup));
  sheet.add("triggered by", backup.run_id
                                ? fmt::format("{}, run {}", backup.triggered_by, *backup.run_id)
                                : backup.triggered_by);
}

void add_technical(Sheet& sheet, const catalog::BackupRecord& backup) {
  sheet.add("destination", backup.destination);
  sheet.add("manifest", backup.file_path);
  sheet.add("sha256", backup.checksum_sha256);
  sheet.add("md5", backup.checksum_md5);
  if (backup.start_lsn && backup.stop_lsn) {
    sheet.add("wal", fmt::format("{} to {}, timeline {}", *backup.start_lsn, *backup.stop_lsn,
                                 backup.timeline.value_or(0)));
  }
}

std::string server_text(const backup::Manifest& manifest) {
  return fmt::format("PostgreSQL {}.{}", manifest.server_version / 10000,
                     manifest.server_version % 10000);
}

void add_physical(Sheet& sheet, const backup::PhysicalProperties& physical) {
  sheet.add("contents", fmt::format("{} files, {} tablespaces beside the default ones",
                                    physical.files, physical.tablespaces.size()));
  sheet.add("consistent", "from " + util::format_rfc3339(physical.stopped_at) + " on");
  for (const auto& page : physical.bad_pages) {
    sheet.add("bad page", fmt::format("block {} of {}", page.block, util::quoted(page.file)));
  }
}

void add_contents(Sheet& sheet, const backup::Manifest& manifest) {
  if (manifest.config) {
    sheet.add("version", std::to_string(manifest.config->version));
    sheet.add("sections", fmt::format("{}", fmt::join(manifest.config->sections, ", ")));
    for (const auto& failed : manifest.config->failed) sheet.add("missing", failed);
    return;
  }
  if (manifest.physical) {
    sheet.add("server", server_text(manifest));
    add_physical(sheet, *manifest.physical);
    return;
  }
  const auto& database = manifest.database;
  sheet.add("server", server_text(manifest) + ", dumped by " + manifest.dump_version);
  sheet.add("encoding", fmt::format("{}, collate {}, ctype {}, owner {}", database.encoding,
                                    database.collate, database.ctype, database.owner));
  if (const auto contents = contents_of(manifest)) {
    sheet.add("contents", fmt::format("{} tables, {} rows, {} large objects", contents->tables,
                                      contents->rows, contents->large_objects));
  } else {
    sheet.add("contents", "no fingerprint: " + manifest.fingerprint_missing_reason);
  }
}

void add_manifest(Sheet& sheet, const backup::Manifest& manifest, std::size_t width) {
  add_contents(sheet, manifest);
  for (const auto& warning : manifest.warnings) sheet.add("warning", warning);
  sheet.heading("Parts");
  cli::Table table{{{"NAME", Align::left},
                    {"ROLE", Align::left},
                    {"SIZE", Align::right},
                    {"ORIGINAL", Align::right},
                    {"SHA-256", Align::left}}};
  for (const auto& part : manifest.parts) {
    table.add({part.name, part.role, util::format_size(part.size_bytes),
               util::format_size(part.original_bytes), part.sha256});
  }
  sheet.append(table.to_text(width));
}

void add_copies(Sheet& sheet, const catalog::BackupRecord& backup, util::Time now,
                std::size_t width) {
  if (backup.copies.empty()) return;
  sheet.heading("Copies");
  cli::Table table{{{"STORE", Align::left},
                    {"STATE", Align::left},
                    {"SIZE", Align::right},
                    {"CHECKED", Align::left},
                    {"URL", Align::left},
                    {"ERROR", Align::left}}};
  for (const auto& copy : backup.copies) {
    table.add({copy.store, copy.damaged() ? "damaged" : copy.state, size_text(copy.size_bytes),
               copy.last_checked_at ? age_text(*copy.last_checked_at, now) : "never", copy.url,
               copy.error_message});
  }
  sheet.append(table.to_text(width));
}

void add_verifications(Sheet& sheet, const std::vector<catalog::VerificationRecord>& verifications,
                       util::Time now, std::size_t width) {
  if (verifications.empty()) return;
  sheet.heading("Verifications");
  cli::Table table{{{"WHEN", Align::left},
                    {"LEVEL", Align::left},
                    {"STORE", Align::left},
                    {"RESULT", Align::left},
                    {"TOOK", Align::right},
                    {"CHECKS", Align::right},
                    {"ERROR", Align::left}}};
  for (const auto& one : verifications) {
    table.add({age_text(one.started_at, now), one.level, one.store, one.success ? "good" : "failed",
               util::format_duration(util::Duration{one.restore_duration_seconds}),
               fmt::format("{}/{}", one.validation_queries_passed, one.validation_queries_total),
               one.errors.empty() ? "" : one.errors.front()});
  }
  sheet.append(table.to_text(width));
}

/// The first store with a complete copy that gives the manifest.
std::optional<backup::Manifest> fetch_manifest(run::Context& context,
                                               const catalog::BackupRecord& record) {
  const backup::Layout layout{context.config.site};
  const auto opened = context.open_stores();
  for (const auto& [name, required, store] : opened.stores) {
    if (record.complete_copy_on(name) == nullptr) continue;
    try {
      if (auto stored = backup::read_backup(*store, layout, record.label)) {
        for (const auto& problem : stored->marks.unreadable) context.warn(problem);
        return std::move(stored->manifest);
      }
      context.warn(fmt::format("store {} should have {} and has not", util::quoted(name),
                               util::printable(record.label)));
    } catch (const util::Error& error) {
      if (error.kind() == util::ErrorKind::interrupted) throw;
      context.warn(fmt::format("store {}: {}", util::quoted(name), error.full_message()));
    }
  }
  return std::nullopt;
}

std::vector<catalog::VerificationRecord> fetch_verifications(run::Context& context,
                                                             const std::string& label) {
  try {
    return context.open_catalog().verifications(label);
  } catch (const util::Error& error) {
    // That the catalog is down was said when the backup was looked up.
    if (error.kind() != util::ErrorKind::database) throw;
    return {};
  }
}

}  // namespace

json show_json(const BackupView& view) {
  json result{{"backup", catalog::to_json(view.backup)},
              {"verifications", json::array()},
              {"parts", nullptr},
              {"contents", nullptr}};
  for (const auto& one : view.verifications) {
    result["verifications"].push_back(catalog::to_json(one));
  }
  if (!view.manifest) return result;
  result["parts"] = json::array();
  for (const auto& part : view.manifest->parts) {
    result["parts"].push_back({{"name", part.name},
                               {"role", part.role},
                               {"compression", part.compression},
                               {"size_bytes", part.size_bytes},
                               {"original_bytes", part.original_bytes},
                               {"md5", part.md5},
                               {"sha256", part.sha256}});
  }
  if (const auto contents = contents_of(*view.manifest)) {
    result["contents"] = {{"tables", contents->tables},
                          {"rows", contents->rows},
                          {"large_objects", contents->large_objects}};
  }
  return result;
}

std::string show_text(const BackupView& view, util::Time now, std::size_t width) {
  Sheet sheet;
  add_identity(sheet, view.backup, view.manifest ? view.manifest->made_of : "", now);
  add_technical(sheet, view.backup);
  if (view.manifest) add_manifest(sheet, *view.manifest, width);
  add_copies(sheet, view.backup, now, width);
  add_verifications(sheet, view.verifications, now, width);
  return std::move(sheet).take();
}

cli::Report run(const ShowOptions& options, run::Context& context) {
  BackupView view{choose(context, options.backup, Purged::included), {}, {}};
  if (view.backup.id != 0) view.verifications = fetch_verifications(context, view.backup.label);
  if (view.backup.good()) view.manifest = fetch_manifest(context, view.backup);
  cli::Report report;
  report.result = show_json(view);
  report.text = show_text(view, context.clock.now(), cli::terminal_width());
  return report;
}

}  // namespace bkp::command
