#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "report/runbook_model.hpp"
#include "run/context.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"

namespace bkp::report {

struct PublishedRunbook {
  std::vector<std::string> places;  ///< URLs and paths that hold the page now (would, in a dry run)
  std::vector<std::string> failures;  ///< messages; each was given to Context::warn() as well
};

/// Renews the page everywhere: SITE/runbook/runbook.html on every store that answers and holds
/// the site (an empty mount point does not), and the configuration's runbook.path. Beside each of
/// `labels` (the backups this run made) goes a page about that database,
/// SITE/backups/LABEL/runbook.html, which stays as it is and is pruned with the backup. Each ends
/// with its checksum (page_checksum.hpp).
///
/// Objects are immutable, so the current page is removed and made again, or put back when that
/// fails; a crash between the two leaves the pages beside the backups, and the next run heals it.
/// Call with the site's write lock held. Errors of a store or a path are warnings; throws
/// Error{interrupted} and Error{internal} only.
PublishedRunbook publish_runbook(run::Context& context, const RunbookModel& model,
                                 const std::vector<std::string>& labels);

/// For the end of a successful `full`: builds the model and publishes it. Whatever goes wrong is a
/// warning: the backup is good without its page. Throws Error{interrupted}.
void renew_runbook(run::Context& context, const std::vector<std::string>& labels);

/// Why the page on a store does not show the backup `label`, which was completed at `completed_at`:
/// "is missing", "is older than the newest backup, LABEL". nullopt when it is current.
std::optional<std::string> runbook_staleness(store::Store& store, const backup::Layout& layout,
                                             const std::string& label, util::Time completed_at);

}  // namespace bkp::report
