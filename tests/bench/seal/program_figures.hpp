#pragma once

#include <string>
#include <vector>

#include "bench/support/bench.hpp"

namespace bkp::bench {

/// The job "seal-standard-input" of this benchmark, with a RECIPIENT: seals what comes, to standard
/// output. No command of bkp does that, for what it seals are dumps.
void seal_standard_input(const std::vector<std::string>& arguments);

/// A file sealed and unsealed by programs, beside age(1).
void program_figures(const Bench& bench);

}  // namespace bkp::bench
