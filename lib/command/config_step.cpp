#include "command/config_step.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/advice.hpp"
#include "util/text.hpp"

namespace bkp::command {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

json sections_json(const exports::Contents& contents) {
  json sections = json::array();
  for (const auto& section : contents.sections) {
    sections.push_back(
        {{"name", section.name},
         {"kind", to_text(section.kind)},
         {"secret", config::to_text(section.secret)},
         {"entries", section.entries.size()},
         {"error", section.error.empty() ? json(nullptr) : json(util::printable(section.error))}});
  }
  return sections;
}

}  // namespace

void ConfigStep::add_to(backup::FullRequest& request) {
  if (m_context.config.export_sections.empty()) return;
  try {
    m_collected = exports::collect_export(m_context, request.stores);
    if (unchanged()) {
      if (!m_context.dry_run)
        m_context.recorder.confirm_export(m_collected->same_as->label,
                                          m_collected->contents->collected_at);
      return;
    }
    request.of_cluster.push_back(
        exports::config_backup(m_context, backup::Layout{m_context.config.site}, *m_collected));
  } catch (...) {
    m_error = util::current_error();
    if (m_error->kind() == ErrorKind::interrupted) throw;
  }
}

void ConfigStep::tell(cli::Report& report) const {
  if (m_error) {
    const bool alone = !report.result.contains("backups");
    if (!alone) m_context.warn("the configuration was not exported: " + util::with_hint(*m_error));
    if (!report.error) {
      report.error =
          Error{alone ? m_error->kind() : ErrorKind::partial,
                fmt::format("the configuration was not exported: {}", m_error->message()),
                m_error->hint()};
    }
  }
  if (!m_collected) return;
  const auto& contents = *m_collected->contents;
  report.result["config_export"] = {
      {"version", contents.version},
      {"unchanged", unchanged()},
      {"label", unchanged() ? json(m_collected->same_as->label) : json(nullptr)},
      {"sections", sections_json(contents)}};
  const auto exported = std::ranges::count_if(
      contents.sections, [](const auto& section) { return section.error.empty(); });
  const auto what = fmt::format("version {}, {} of {} sections", contents.version, exported,
                                contents.sections.size());
  if (!unchanged()) {
    report.text += fmt::format("configuration: {}\n", what);
    return;
  }
  report.text +=
      fmt::format("configuration: unchanged since {} ({})\n", what, m_collected->same_as->label);
  if (!report.error)
    report.error = backup::error_of_failed_sections(exports::properties_of(contents));
}

}  // namespace bkp::command
