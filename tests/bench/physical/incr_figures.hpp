#pragma once

#include "bench/physical/pgbackrest.hpp"
#include "bench/support/bench.hpp"

namespace bkp::bench {

/// Incremental backups, each after ten seconds of pgbench since its parent: the part "incr".
void incr_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest);

}  // namespace bkp::bench
