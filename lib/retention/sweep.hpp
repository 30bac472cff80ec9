#pragma once

#include <string>
#include <vector>

#include "backup/debris.hpp"
#include "backup/layout.hpp"
#include "retention/plan.hpp"
#include "run/context.hpp"

namespace bkp::retention {

/// What a sweep did to one store.
struct Swept {
  struct Spared {
    std::string label;
    std::string reason;
  };
  std::vector<std::string> removed;  ///< labels, newest first
  std::vector<Spared> spared;        ///< should have gone, but things changed since the plan
  backup::RemovedObjects freed;
};

/// Removes from one store what the plan says, newest first, so that no backup is ever there without
/// the one it is built on. Of each backup the manifest goes first: from then on it is debris, which
/// no list shows and which the next prune or full backup clears away; then its other objects; then
/// the catalog is told (mark_purged) and the audit trail. So a crash at any point leaves nothing
/// that looks like a backup and is none, and planning and sweeping again comes to the same end.
///
/// Right before each removal the marks in the store are read again: a backup held since the plan
/// was made is spared, and so are those it needs.
///
/// For a holder of the site's write and read locks. Throws what the store throws, and
/// Error{interrupted} between two backups; `swept` then tells what was done until then.
void sweep(run::Context& context, const run::NamedStore& store, const backup::Layout& layout,
           const Plan& plan, Swept& swept);

}  // namespace bkp::retention
