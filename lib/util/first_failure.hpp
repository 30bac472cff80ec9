#pragma once

#include <atomic>
#include <exception>
#include <mutex>

namespace bkp::util {

/// The first exception of several threads. Any thread.
class FirstFailure {
 public:
  /// In a handler.
  void keep_current() {
    const std::lock_guard lock{m_mutex};
    if (!m_failure) m_failure = std::current_exception();
    m_any = true;
  }
  bool any() const { return m_any; }
  /// When all threads have ended.
  void rethrow() const {
    if (m_failure) std::rethrow_exception(m_failure);
  }

 private:
  std::mutex m_mutex;
  std::exception_ptr m_failure;
  std::atomic<bool> m_any = false;
};

}  // namespace bkp::util
