#include "retention/sweep.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "backup/marks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::retention {

namespace {

/// Why the backup must not go after all.
std::optional<std::string> reason_to_spare(store::Store& store, const backup::Layout& layout,
                                           const std::string& label, util::Time now) {
  const auto marks = backup::read_marks(store, layout, label);
  if (is_held(marks.held_until, now)) return describe_hold(*marks.held_until, marks.hold_reason);
  if (!marks.hold_doubtful) return std::nullopt;
  return fmt::format("it may be held: {}", marks.unreadable.front());
}

}  // namespace

void sweep(run::Context& context, const run::NamedStore& store, const backup::Layout& layout,
           const Plan& plan, Swept& swept) {
  std::map<std::string, std::string> needed;  // parent → the spared backup that needs it
  const auto spare = [&](const Candidate& candidate, std::string reason) {
    context.log.info("{} on store {} stays: {}", util::printable(candidate.label),
                     util::quoted(store.name), reason);
    if (candidate.parent_label) needed.emplace(*candidate.parent_label, candidate.label);
    swept.spared.push_back({candidate.label, std::move(reason)});
  };
  for (const auto& [candidate, action, reasons] : plan) {
    if (action != Action::remove) continue;
    context.interrupt.check();
    const auto& label = candidate.label;
    if (const auto child = needed.find(label); child != needed.end()) {
      spare(candidate, fmt::format("needed by {}", util::printable(child->second)));
      continue;
    }
    const auto now = context.clock.now();
    if (auto reason = reason_to_spare(*store.store, layout, label, now)) {
      spare(candidate, std::move(*reason));
      continue;
    }
    util::with_context(fmt::format("removing backup {}", util::printable(label)), [&] {
      backup::remove_backup(*store.store, layout, label, now, swept.freed);
    });
    context.recorder.mark_purged(label, store.name, now);
    context.recorder.audit({.action = "prune",
                            .subject = label,
                            .details = {{"store", store.name}, {"reasons", reasons}},
                            .at = now});
    context.log.info("removed {} from store {}: {}", util::printable(label),
                     util::quoted(store.name), fmt::join(reasons, "; "));
    swept.removed.push_back(label);
  }
}

}  // namespace bkp::retention
