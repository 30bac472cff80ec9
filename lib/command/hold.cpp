#include "command/hold.hpp"

#include <fmt/format.h>

#include "catalog/time_text.hpp"
#include "command/marking.hpp"
#include "command/time_option.hpp"
#include "retention/plan.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::command {

void define(CLI::App& app, HoldOptions& options) {
  define(app, options.backup);
  app.add_option("--reason", options.reason, "why, shown wherever the backup is")
      ->required()
      ->type_name("TEXT");
  app.add_option("--until", options.until, "a time, or a duration from now (default: no end)")
      ->check(check_moment)
      ->type_name("TIME");
}

namespace {

void require_reason(const std::string& reason) {
  if (reason.find_first_not_of(" \t\n") != reason.npos) return;
  throw util::Error{util::ErrorKind::usage, "--reason says nothing",
                    "say why the backup must stay, for whoever finds it held"};
}

util::Time end_of_hold(const HoldOptions& options, util::Time now) {
  if (options.until.empty()) return catalog::forever;
  const auto until = parse_moment(options.until, now, Direction::ahead);
  if (until > now) return until;
  throw util::Error{util::ErrorKind::usage,
                    fmt::format("--until {} is over", util::printable(options.until)),
                    "name a time to come; `bkp release` ends a hold"};
}

}  // namespace

cli::Report run(const HoldOptions& options, run::Context& context) {
  require_reason(options.reason);
  const auto now = context.clock.now();
  const auto until = end_of_hold(options, now);
  // Shared with other readers, but not with prune: what is held now cannot be half gone.
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) lock.emplace(context, run::LockName::read, run::LockMode::shared, "hold");
  const auto backup = choose_to_change(context, options.backup);

  using nlohmann::json;
  const auto until_json = until == catalog::forever ? json{} : json(util::format_rfc3339(until));
  const json details{{"reason", options.reason}, {"until", until_json}, {"by", util::user_name()}};
  const auto marked = mark_everywhere(context, backup.label, "held", now, details);
  if (!context.dry_run) {
    context.recorder.set_hold(backup.label, until, options.reason);
    context.recorder.audit(
        {.action = "hold", .subject = backup.label, .details = details, .at = now});
  }
  cli::Report report;
  report.result = {{"label", backup.label},
                   {"held_until", catalog::time_text(until)},
                   {"hold_reason", options.reason},
                   {"stores", marked.stores},
                   {"dry_run", context.dry_run}};
  report.text = fmt::format("{} on {} {} {}\n", util::printable(backup.label),
                            fmt::join(marked.stores, ", "), context.dry_run ? "would be" : "is",
                            retention::describe_hold(until, options.reason));
  report.error = marked.failure;
  return report;
}

}  // namespace bkp::command
