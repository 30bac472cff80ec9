#include "command/release.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/layout.hpp"
#include "backup/marks.hpp"
#include "backup/site_file.hpp"
#include "command/marking.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::command {

void define(CLI::App& app, ReleaseOptions& options) {
  define(app, options.backup);
}

namespace {

/// In the catalog or on any store: one that was down when the hold was ended still has it, and one
/// that is down now may.
bool is_held_anywhere(const run::Context& context, const catalog::BackupRecord& backup) {
  if (backup.held_until) return true;
  const backup::Layout layout{context.config.site};
  const auto opened = backup::open_stores_of_site(context);
  if (!opened.failures.empty()) return true;
  return std::any_of(opened.stores.begin(), opened.stores.end(), [&](const auto& named) {
    try {
      const auto marks = backup::read_marks(*named.store, layout, backup.label);
      return marks.held_until.has_value() || marks.hold_doubtful;
    } catch (const util::Error& error) {
      if (error.kind() == util::ErrorKind::interrupted) throw;
      return true;  // cannot tell: release it there too, which names the failure
    }
  });
}

}  // namespace

cli::Report run(const ReleaseOptions& options, run::Context& context) {
  std::optional<run::SiteLock> lock;
  if (!context.dry_run) {
    lock.emplace(context, run::LockName::read, run::LockMode::shared, "release");
  }
  const auto backup = choose_to_change(context, options.backup);
  const auto label = util::printable(backup.label);
  cli::Report report;
  report.result = {{"label", backup.label}, {"released", false}, {"dry_run", context.dry_run}};
  if (!is_held_anywhere(context, backup)) {
    report.text = fmt::format("{} is not held\n", label);
    return report;
  }
  const auto now = context.clock.now();
  const nlohmann::json details{{"by", util::user_name()}};
  const auto marked = mark_everywhere(context, backup.label, "released", now, details);
  if (!context.dry_run) {
    context.recorder.set_hold(backup.label, std::nullopt, "");
    auto audited = details;
    audited["hold_reason"] = backup.hold_reason;
    context.recorder.audit(
        {.action = "release", .subject = backup.label, .details = std::move(audited), .at = now});
  }
  report.result["released"] = !context.dry_run;
  report.result["stores"] = marked.stores;
  report.text = fmt::format("{} {} released on {}: retention decides again\n", label,
                            context.dry_run ? "would be" : "is", fmt::join(marked.stores, ", "));
  report.error = marked.failure;
  return report;
}

}  // namespace bkp::command
