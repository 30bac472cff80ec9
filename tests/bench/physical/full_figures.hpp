#pragma once

#include "bench/physical/pgbackrest.hpp"
#include "bench/support/bench.hpp"

namespace bkp::bench {

/// Full backups of an idle server and of a busy one: the part "full".
void full_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest);

}  // namespace bkp::bench
