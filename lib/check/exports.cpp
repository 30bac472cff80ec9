#include <fmt/format.h>

#include "check/topics.hpp"
#include "exports/collect.hpp"
#include "exports/restore_journal.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::check {

namespace {

constexpr auto topic_of_exports = "configuration export";

void judge_section(const exports::Section& section, Findings& findings) {
  const auto check = "section " + section.name;
  if (!section.error.empty()) {
    findings.error(
        check, util::Error{util::ErrorKind::partial, util::printable(section.error),
                           "mend it, or take the section out: each export lacks it until then"});
    return;
  }
  std::size_t bytes = 0;
  for (const auto& entry : section.entries) bytes += entry.contents.size();
  findings.ok(check,
              fmt::format("{} entries, {} bytes can be exported", section.entries.size(), bytes));
  for (const auto& note : section.notes)
    findings.warning(check, util::printable(note), "correct the section, or exclude what it names");
}

}  // namespace

void examine_exports(run::Context& context, Findings& findings) {
  const auto& config = context.config;
  for (const auto& restore : exports::find_unfinished(config)) {
    findings.warning(topic_of_exports,
                     fmt::format("a restore of the configuration was killed and has left files "
                                 "half restored ({})",
                                 restore.directory.string()),
                     "bkp config-restore: it takes back what was begun, and shows what differs");
  }
  if (config.export_sections.empty()) {
    findings.warning(
        topic_of_exports,
        "no section is exported: without the host, its postgresql.conf, pg_hba.conf and what else "
        "lives beside the databases must be written anew",
        "config_export: {sections: [{name: server, server: true, secret: redact}]}");
    return;
  }
  if (!config.full.config_export) {
    findings.warning(topic_of_exports,
                     "it does not run with the backups (full.config_export: false)",
                     "let it, or add a schedule of its own: bkp schedule add --schedule \"15 2 * * "
                     "*\" config-export");
  }
  findings.attempt(topic_of_exports, [&] {
    for (const auto& section : exports::collect(context, config.export_sections).sections)
      judge_section(section, findings);
  });
}

}  // namespace bkp::check
