#pragma once

#include "backup/source.hpp"
#include "catalog/records.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"
#include "verify/verification.hpp"

namespace bkp::drill {

/// Follows the runbook's page in a scratch place: the page is made as always, with scratch names
/// and directories in place of the site's, and the commands are taken out of its HTML and run one
/// by one, each timed. Of a dump those of chapter F, by stock tools, into a scratch database, whose
/// rows are then compared with the manifest; of a backup of the cluster those of chapter G up to
/// the server that is accepted, when it is the newest one, which the page takes; of an export of
/// the configuration those of chapter H that unpack it. What would touch what is there is left out,
/// and noted.
///
/// Each step is a check of kind `step`; after one that failed no other is run. Throws what says
/// nothing about the page: no server, an interruption.
void follow_page(run::Context& context, const catalog::BackupRecord& backup,
                 const backup::Source& source, const run::ReadingKeys& keys,
                 verify::Verification& result);

}  // namespace bkp::drill
