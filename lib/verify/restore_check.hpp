#pragma once

#include <vector>

#include "backup/source.hpp"
#include "pg/archive_reader.hpp"
#include "run/context.hpp"
#include "verify/check.hpp"
#include "verify/verification.hpp"

namespace bkp::verify {

/// Compares what a restored database holds with the fingerprint: rows of the sampled tables, large
/// objects. Adds to the checks and the coverage of `result`.
void check_data(run::Context& context, const pg::Conninfo& database,
                const backup::Manifest& manifest, double sample, int connections,
                Verification& result);

/// Everything else: contents, foreign keys, indexes, constraints, sequences, the user's
/// assertions.
void check_structure(run::Context& context, const pg::Conninfo& database,
                     const backup::Manifest& manifest, const std::vector<pg::ArchiveEntry>& entries,
                     int connections, Verification& result);

/// Restores the backup into a scratch database, checks it and drops it again. A backup that cannot
/// be fetched or restored, or fails a check, is a result; what says nothing about the backup (no
/// server, no space, a store that does not answer, an interruption) throws.
void verify_restore(run::Context& context, const backup::Source& source, int jobs,
                    Verification& result);

}  // namespace bkp::verify
