#include "command/status.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/table.hpp"
#include "status/look.hpp"
#include "status/render.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::command {

using util::Error;

namespace {

// For whoever collects it, who is another user.
constexpr unsigned readable = 0644;

constexpr auto subject_prefix = "status ";

/// What is red, or is not any more, is for the channels too.
run::Conditions conditions_of(const status::SiteStatus& site) {
  run::Conditions conditions;
  for (const auto& item : status::items_of(site)) {
    if (item.told) continue;
    auto& condition = conditions.all.emplace_back();
    condition.subject = fmt::format("{}{}", subject_prefix, item.what);
    condition.topic = config::Topic::failure;
    condition.good = item.level != status::Level::red;
    condition.severity = config::Severity::critical;
    condition.title = fmt::format("{}: red", item.what);
    condition.solved_title = fmt::format("{}: not red any more", item.what);
    condition.what = item.text;
    condition.next = item.next;
  }
  // What there is no more, as a database that was dropped, is not red any more either; what could
  // not be asked is.
  if (site.is_complete()) conditions.complete_below = subject_prefix;
  return conditions;
}

cli::Report plugin_report(run::Context& context) {
  const auto site = status::look(context);
  cli::Report report;
  report.text_is_document = true;
  report.result = status::to_json(site);
  report.text = status::to_plugin_output(site);
  report.exit_code = status::plugin_exit_code(status::level_of(status::items_of(site)));
  return report;
}

}  // namespace

void StatusOptions::assume(const std::vector<std::string>& arguments) {
  check = std::ranges::find(arguments, "--check") != arguments.end();
}

int StatusOptions::exit_code_of(const Error& error) const {
  return check ? status::plugin_unknown : error.exit_code();
}

/// A plugin's reader sees stdout alone.
std::string StatusOptions::text_of_error(const Error& error) const {
  return check ? status::unknown_plugin_output(util::printable(error.full_message())) : "";
}

void define(CLI::App& app, StatusOptions& options) {
  auto* const prometheus =
      app.add_option("--prometheus", options.prometheus,
                     "write it there for node_exporter's textfile collector; - is stdout")
          ->type_name("FILE");
  app.add_flag("--check", options.check, "answer as a monitoring plugin: 0, 1, 2 or 3")
      ->excludes(prometheus);
}

cli::Report run(const StatusOptions& options, run::Context& context) {
  if (options.check) return plugin_report(context);
  const auto site = status::look(context);
  cli::Report report;
  report.result = status::to_json(site);
  context.conditions = conditions_of(site);
  if (options.prometheus.empty()) {
    report.text = status::to_text(site, context.colored_text, cli::terminal_width());
  } else if (options.prometheus == "-") {
    report.text = status::to_prometheus(site);
    report.text_is_document = true;
  } else if (!context.dry_run) {
    util::write_file_atomically(std::filesystem::absolute(options.prometheus),
                                status::to_prometheus(site), readable);
  }
  return report;
}

}  // namespace bkp::command
