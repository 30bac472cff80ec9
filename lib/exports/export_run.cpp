#include "exports/export_run.hpp"

#include <fmt/format.h>

#include "backup/job.hpp"
#include "exports/archive.hpp"
#include "exports/collect.hpp"
#include "exports/secrets.hpp"
#include "exports/versions.hpp"
#include "util/advice.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

void warn_of_notes(run::Context& context, const Contents& contents) {
  for (const auto& section : contents.sections) {
    for (const auto& note : section.notes)
      context.warn(fmt::format("section {}: {}", section.name, note));
  }
}

void warn_of_secrets(run::Context& context, const Contents& contents) {
  if (!context.config.encryption.recipients.empty()) return;
  for (const auto& section : contents.sections) {
    if (section.secret == config::SecretMode::redact) continue;
    const auto places = find_secrets(section);
    if (places.empty()) continue;
    context.warn(fmt::format(
        "section {} is not sealed and has what looks like a secret: {}{}; seal the backups "
        "(`encryption.recipients`), or write `secret: redact` there",
        section.name, util::printable(places.front()),
        places.size() > 1 ? fmt::format(" and {} more", places.size() - 1) : ""));
  }
}

/// Those that must have it; where stores are named these, where none must all.
std::vector<run::NamedStore> stores_that_must(const run::Context& context,
                                              const std::vector<std::string>& wanted) {
  const auto all = context.open_stores(wanted).stores;
  auto required = all;
  std::erase_if(required, [](const auto& store) { return !store.required; });
  return wanted.empty() && !required.empty() ? required : all;
}

backup::Part write_part(const backup::Job& job, const backup::Layout& layout,
                        const std::string& label, const Contents& contents,
                        std::vector<backup::Target>& targets) {
  backup::PartWriter writer{targets, layout, label, "config.tar", "config", job.format};
  try {
    write_archive(contents, writer);
    writer.finish();
  } catch (...) {
    writer.abort();
    throw;
  }
  return writer.part();
}

/// The export stands without it: the next one is stored, changed or not.
void remember(const run::Context& context, const Contents& contents, const std::string& label,
              backup::Outcome& outcome) {
  try {
    write_last_export(context.config,
                      {label, contents.version, digest_of(contents, context.config)});
  } catch (const Error& error) {
    outcome.warnings.push_back(fmt::format(
        "the next export is stored though nothing may have changed: {}", util::with_hint(error)));
  }
}

void take(const run::Context& context, const backup::Job& job, const backup::Layout& layout,
          const std::string& label, Contents contents, backup::Outcome& outcome) {
  contents.server_version = job.server_version;
  auto manifest = backup::begin_manifest(context, job, layout, label);
  manifest.backup_type = "config";
  manifest.method = "archive";
  manifest.started_at = contents.collected_at;
  manifest.config = properties_of(contents);
  if (manifest.config->sections.empty()) {
    throw Error{ErrorKind::partial,
                fmt::format("no section could be exported\n{}",
                            util::printable_lines(
                                fmt::format("{}", fmt::join(manifest.config->failed, "\n")))),
                "mend them, or take them out of `config_export.sections`"};
  }
  manifest.fingerprint_missing_reason = "of no database";
  manifest.parts.push_back(write_part(job, layout, label, contents, outcome.targets));
  backup::commit(context, job, layout, std::move(manifest), outcome);
  remember(context, contents, label, outcome);
}

}  // namespace

backup::ExportProperties properties_of(const Contents& contents) {
  backup::ExportProperties properties;
  properties.version = contents.version;
  for (const auto& section : contents.sections) {
    if (section.error.empty()) {
      properties.sections.push_back(section.name);
    } else {
      properties.failed.push_back(fmt::format("{}: {}", section.name, section.error));
    }
  }
  return properties;
}

CollectedExport collect_export(run::Context& context, const std::vector<std::string>& stores) {
  const auto must = stores_that_must(context, stores);
  auto contents = collect(context, context.config.export_sections);
  warn_of_notes(context, contents);
  warn_of_secrets(context, contents);
  const auto exports = list_exports(context);
  const auto last = read_last_export(context.config);
  CollectedExport collected;
  collected.same_as =
      same_as_last(exports, last, digest_of(contents, context.config), context.config.site, must);
  contents.version = collected.same_as ? collected.same_as->export_version.value_or(0)
                                       : next_version(exports, last);
  collected.contents = std::make_shared<const Contents>(std::move(contents));
  return collected;
}

backup::ClusterBackup config_backup(run::Context& context, const backup::Layout& layout,
                                    const CollectedExport& collected) {
  backup::ClusterBackup result;
  result.kind = "config";
  result.backup_type = "config";
  result.method = "archive";
  result.of = collected.contents->collected_at;
  result.take = [&context, layout, contents = collected.contents](
                    const backup::Job& job, const std::string& label,
                    std::vector<backup::Target> targets) {
    return backup::attempt_backup(
        context, layout, label, std::move(targets), "exporting the configuration",
        [&](backup::Outcome& outcome) { take(context, job, layout, label, *contents, outcome); });
  };
  return result;
}

}  // namespace bkp::exports
