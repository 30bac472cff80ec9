#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "run/context.hpp"

namespace bkp::wal {

/// Waits until each of `stores` has the segments, and reads every byte of them. An optional store
/// is not waited for: it gets what it lacks from a required one, or that is a warning. Throws
/// Error{damaged} for a bad segment, Error{partial} naming what is missing after `patience`.
void wait_for_segments(run::Context& context, const std::vector<run::NamedStore>& stores,
                       const std::vector<std::string>& segments, std::chrono::seconds patience);

}  // namespace bkp::wal
