#include "command/check.hpp"

#include <fmt/format.h>

#include "check/topics.hpp"
#include "command/commands.hpp"
#include "command/schedule_options.hpp"
#include "config/parse.hpp"
#include "util/text.hpp"

namespace bkp::command {

namespace {

cli::Report explanation(const config::Config& config) {
  auto unsupported = nlohmann::json::array();
  for (const auto& key : config.unsupported) {
    unsupported.push_back({{"key", util::printable(key.key)}, {"line", key.line}});
  }
  cli::Report report;
  report.text = config::explain(config);
  report.result = {{"file", config.file.string()},
                   {"settings", report.text},
                   {"unsupported", std::move(unsupported)}};
  return report;
}

// The table shows them to people; for the envelope they are gathered without being logged too.
void pass_warnings_on(const check::Findings& findings, run::Context& context) {
  for (const auto& finding : findings.all()) {
    if (finding.status != check::Finding::Status::warning) continue;
    context.warnings.push_back(fmt::format("{}: {}", finding.check, finding.message));
  }
}

}  // namespace

void define(CLI::App& app, CheckOptions& options) {
  app.add_flag("--explain", options.explain,
               "print the settings in effect instead; --config without FILE does the same");
  auto* config = app.get_option_no_throw("--config");
  if (config == nullptr) return;
  config->expected(0, 1)->default_str("");
  app.parse_complete_callback([config, &options] {
    if (config->count() > 0 && config->as<std::string>().empty()) options.explain = true;
  });
}

cli::Report run(const CheckOptions& options, run::Context& context) {
  if (options.explain) return explanation(context.config);
  check::Findings findings;
  check::examine_settings(context.config, findings);
  check::examine_permissions(context.config, context.environment, findings);
  check::examine_directories(context.config, findings);
  const auto server = check::examine_server(context, findings);
  check::examine_catalog(context, server, findings);
  check::examine_stores(context, server, findings);
  check::examine_keys(context, findings);
  check::examine_backups(context, server, findings);
  if (server) check::examine_exports(context, findings);
  if (server) check::examine_assets(context, findings);
  check::examine_schedules(
      context, [&](const auto& schedule) { check_schedule(schedule, context.config); }, findings);
  check::examine_cron({}, findings);
  std::vector<std::string> commands;
  for (const auto& command : all_commands()) commands.emplace_back(command.name);
  check::examine_notifications(context, commands, findings);
  pass_warnings_on(findings, context);
  cli::Report report;
  report.result = check::to_json(findings);
  report.text = check::to_text(findings);
  report.error = findings.verdict();
  return report;
}

}  // namespace bkp::command
