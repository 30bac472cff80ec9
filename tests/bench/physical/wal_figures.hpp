#pragma once

#include "bench/physical/pgbackrest.hpp"
#include "bench/support/bench.hpp"

namespace bkp::bench {

/// Segments of WAL to the archive, one at a time and as a backlog, and back: the part "wal".
void wal_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest);

}  // namespace bkp::bench
