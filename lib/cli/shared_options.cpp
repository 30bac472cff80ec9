#include "cli/shared_options.hpp"

#include "util/error.hpp"
#include "util/units.hpp"

namespace bkp::cli {

std::string check_duration(const std::string& text) {
  try {
    util::parse_duration(text);
    return {};
  } catch (const util::Error& error) {
    return error.message() + "; " + error.hint();
  }
}

void define(CLI::App& app, SharedOptions& options) {
  const std::string group = "Shared options";
  app.set_help_flag("-h,--help", "show this help and exit")->group(group);
  app.add_option("--config", options.config, "configuration file")->type_name("FILE")->group(group);
  app.add_flag("--json", options.json, "print exactly one JSON document on stdout")->group(group);
  app.add_flag("-q,--quiet", options.quiet, "a success prints nothing")->group(group);
  app.add_flag("-v,--verbose", options.verbose, "name each step and each program run")
      ->group(group);
  app.add_option("--log-format", options.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT")
      ->group(group);
  app.add_flag("--syslog", options.syslog, "log to syslog too")->group(group);
  app.add_option("--color", options.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->group(group);
  app.add_option_function<std::string>(
         "--lock-wait",
         [&options](const std::string& text) { options.lock_wait = util::parse_duration(text); },
         "wait so long for a lock, e.g. 30min")
      ->check(check_duration)
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--triggered-by", options.triggered_by, "schedule, manual or system")
      ->check(CLI::IsMember({"schedule", "manual", "system"}))
      ->type_name("WHO")
      ->group(group);
  app.add_flag("--dry-run", options.dry_run, "change nothing, say what would be done")
      ->group(group);
}

}  // namespace bkp::cli
