#include "net/easy_pool.hpp"

namespace bkp::net {

EasyPool::Lease EasyPool::take() {
  std::unique_ptr<Easy> easy;
  {
    const std::lock_guard lock{m_mutex};
    if (!m_idle.empty()) {
      easy = std::move(m_idle.back());
      m_idle.pop_back();
    }
  }
  if (!easy) {
    easy = std::make_unique<Easy>(m_protocols);
  } else {
    easy->reset();
  }
  return {*this, std::move(easy)};
}

void EasyPool::give_back(std::unique_ptr<Easy> easy) noexcept {
  try {
    const std::lock_guard lock{m_mutex};
    m_idle.push_back(std::move(easy));
  } catch (const std::bad_alloc&) {
    // It is closed instead.
  }
}

}  // namespace bkp::net
