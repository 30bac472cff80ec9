#pragma once

#include <chrono>
#include <functional>

namespace bkp::test {

/// Asks every few milliseconds until `condition` holds; false when it did not within `timeout`.
bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds timeout = std::chrono::minutes{2});

}  // namespace bkp::test
