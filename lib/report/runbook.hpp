#pragma once

#include <string>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// The page: one HTML document (UTF-8) without script and without any reference to the outside,
/// from runbook.html.mustache. Every value is escaped; text that is no valid UTF-8 is shown with
/// \xNN.
///
/// Each command stands in a block of its own, made to be extracted and run by a test:
///   <pre><code class="cmd" id="…" data-scenario="…" data-as="…">…</code></pre>
/// `id` is unique. `data-scenario` groups what is typed in one go, in the page's order: database-N,
/// missing-N, swap-N, table-N, table-variant-N, stock-N, stock-missing-N, fetch-N (N counts the
/// model's databases from 1), store-N, alone-N, host, fetch-host, catalog, new-store, shell.
/// `data-as` is the system user. `data-manual` marks those that install software or open a shell.
std::string render_runbook(const RunbookModel& model);

}  // namespace bkp::report
