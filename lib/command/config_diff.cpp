#include "command/config_diff.hpp"

#include <fmt/format.h>

#include "command/reveal.hpp"
#include "exports/collect.hpp"
#include "exports/difference.hpp"
#include "exports/versions.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

using nlohmann::json;

namespace {

constexpr std::string_view what_is_there = "now";

struct Side {
  exports::Contents contents;
  std::string name;  ///< "version 7 (LABEL)", "now"
};

Side get(const std::string& name, const ConfigDiffOptions& options, run::Context& context) {
  if (name == what_is_there)
    return {exports::collect(context, context.config.export_sections), name};
  const auto all = exports::list_exports(context);
  const auto& record = exports::select_export(all, name);
  Side side{exports::open_export(context, record, reading_keys(options.keys, context)), {}};
  side.name = fmt::format("version {} ({})", side.contents.version, record.label);
  return side;
}

/// What is there now could not all be looked at; of an older version that is known.
std::optional<util::Error> error_of_now(const exports::Contents& before,
                                        const exports::Contents& after) {
  for (const auto* contents : {&before, &after}) {
    if (contents->version != 0) continue;
    for (const auto& section : contents->sections) {
      if (section.error.empty()) continue;
      return util::Error{util::ErrorKind::partial,
                         fmt::format("section {} could not be looked at: {}", section.name,
                                     util::printable(section.error)),
                         "all others were compared"};
    }
  }
  return std::nullopt;
}

json to_json(const Side& side) {
  return {{"version", side.name == what_is_there ? json(nullptr) : json(side.contents.version)},
          {"collected_at", util::format_rfc3339(side.contents.collected_at)}};
}

}  // namespace

void define(CLI::App& app, ConfigDiffOptions& options) {
  app.add_option("A", options.before,
                 "v7 for version 7, latest, latest~2, a catalog id, a label or its beginning, or "
                 "now; default: latest");
  app.add_option("B", options.after, "likewise; default: now");
  app.add_flag("--reveal", options.reveal, "show the values of sealed sections too");
  define(app, options.keys);
}

cli::Report run(const ConfigDiffOptions& options, run::Context& context) {
  require_record_of_reveal(options.reveal, context);
  const auto before = get(options.before, options, context);
  const auto after = get(options.after, options, context);
  const auto difference = exports::compare(before.contents, after.contents, options.reveal);
  if (options.reveal) {
    context.recorder.audit({.action = "config-diff",
                            .subject = fmt::format("{}, {}", before.name, after.name),
                            .details = {{"revealed", true}},
                            .at = context.clock.now()});
  }
  cli::Report report;
  report.error = error_of_now(before.contents, after.contents);
  report.text_is_document = true;
  report.result = {{"before", to_json(before)},
                   {"after", to_json(after)},
                   {"sections", exports::to_json(difference)}};
  report.text =
      difference.empty()
          ? fmt::format("no difference between {} and {}\n", before.name, after.name)
          : fmt::format("from {} to {}\n{}", before.name, after.name, exports::to_text(difference));
  return report;
}

}  // namespace bkp::command
