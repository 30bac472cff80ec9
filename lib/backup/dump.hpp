#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/job.hpp"
#include "backup/layout.hpp"
#include "backup/outcome.hpp"
#include "backup/pg_program.hpp"
#include "run/context.hpp"

namespace bkp::backup {

/// What all dumps of one run share.
struct DumpJob : Job {
  std::filesystem::path pg_dump;
  std::string dump_version;  ///< "15.18"
  Globals globals;
};

/// Dumps one database to all targets: globals part, dump part with its fingerprint, manifest last.
/// Does not throw: the outcome tells. Without a manifest, everything written is removed again as
/// far as the stores allow; what cannot be removed is debris and goes with the next run. Safe to
/// call from several threads at once.
Outcome dump_database(const run::Context& context, const DumpJob& job, const Layout& layout,
                      const std::string& label, const DatabaseProperties& database,
                      std::vector<Target> targets);

}  // namespace bkp::backup
