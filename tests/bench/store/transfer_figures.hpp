#pragma once

#include "bench/support/bench.hpp"

namespace bkp::bench {

/// One object to a bucket and back, bkp beside Debian's clients: the parts "upload" and "download".
void transfer_figures(const Bench& bench);

}  // namespace bkp::bench
