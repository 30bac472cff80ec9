#pragma once

#include <chrono>

namespace bkp::notify {

/// After so long a delivery is given up, and tried again later. Mail servers make strangers wait.
inline constexpr std::chrono::seconds http_limit{10};
inline constexpr std::chrono::seconds mail_limit{30};

}  // namespace bkp::notify
