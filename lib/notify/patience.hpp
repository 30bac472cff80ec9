#pragma once

#include <chrono>

namespace bkp::notify {

/// After so long a delivery is given up, and tried again later.
inline constexpr std::chrono::seconds delivery_limit{20};

}  // namespace bkp::notify
