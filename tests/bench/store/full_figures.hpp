#pragma once

#include "bench/support/bench.hpp"

namespace bkp::bench {

/// A full backup, sealed and to two local stores, beside a plain one to one: the part "full".
void full_figures(const Bench& bench);

}  // namespace bkp::bench
