#pragma once

#include <chrono>
#include <mutex>

#include "util/clock.hpp"

namespace bkp::test {

/// A clock that moves only when told to, or by being slept on. Thread-safe.
class ManualClock final : public util::Clock {
 public:
  explicit ManualClock(util::Time now = util::parse_time("2026-11-21T02:00:00Z")) : m_start{now} {}

  util::Time now() const override {
    return m_start + std::chrono::duration_cast<util::Time::duration>(elapsed());
  }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point{} + std::chrono::hours{1} + elapsed();
  }
  void sleep_for(std::chrono::nanoseconds duration) const override {
    const std::lock_guard lock{m_mutex};
    m_elapsed += duration;
    m_slept += duration;
  }

  void advance(std::chrono::nanoseconds duration) {
    const std::lock_guard lock{m_mutex};
    m_elapsed += duration;
  }
  /// Since it was made, slept through or advanced.
  std::chrono::nanoseconds elapsed() const {
    const std::lock_guard lock{m_mutex};
    return m_elapsed;
  }
  /// Slept through, all sleeps together.
  std::chrono::nanoseconds slept() const {
    const std::lock_guard lock{m_mutex};
    return m_slept;
  }

 private:
  util::Time m_start;
  mutable std::mutex m_mutex;
  mutable std::chrono::nanoseconds m_elapsed{0};
  mutable std::chrono::nanoseconds m_slept{0};
};

}  // namespace bkp::test
