#pragma once

#include <cstdint>
#include <string>

#include "util/clock.hpp"

namespace bkp::schedule {

/// The key of the run of a schedule that is due then, a UUID (RFC 9562, version 8): whoever comes
/// to begin it, and wherever it is noted, it is the same run.
std::string run_key_of(const std::string& site, std::int64_t schedule_id, util::Time due_at);

}  // namespace bkp::schedule
