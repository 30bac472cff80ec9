#pragma once

#include <chrono>

#include "pg/wal_name.hpp"
#include "util/clock.hpp"

namespace bkp::test {

inline constexpr pg::WalSegmentSize segment_size = 16U << 20U;
inline constexpr util::Time now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 27};

}  // namespace bkp::test
