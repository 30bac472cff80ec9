#pragma once

#include <cstdint>

namespace bkp::bench {

/// Sealing and unsealing in one thread, out of memory into nothing, beside the cipher alone. Takes
/// twice `bytes` of memory.
void memory_figures(std::uint64_t bytes, int runs);

}  // namespace bkp::bench
