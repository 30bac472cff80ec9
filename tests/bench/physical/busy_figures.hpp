#pragma once

#include <vector>

#include "bench/physical/backup_tools.hpp"
#include "bench/support/bench.hpp"

namespace bkp::bench {

/// What full backups leave to a server that has work to do.
void busy_figures(const Bench& bench, PhysicalSite& site, const std::vector<BackupTool>& tools);

}  // namespace bkp::bench
