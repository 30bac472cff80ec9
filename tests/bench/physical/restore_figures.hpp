#pragma once

#include "bench/physical/pgbackrest.hpp"
#include "bench/support/bench.hpp"

namespace bkp::bench {

/// The files of a cluster from a full backup, and from a chain, into an empty directory: the part
/// "restore".
void restore_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest);

}  // namespace bkp::bench
