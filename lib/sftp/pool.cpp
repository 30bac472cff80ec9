#include "sftp/pool.hpp"

#include <poll.h>

#include <utility>

namespace bkp::sftp {

namespace {

constexpr std::size_t most_idle = 4;

}  // namespace

Pool::Pool(Address address, Login login, Limits limits, const util::Interrupt& interrupt)
    : m_address{std::move(address)},
      m_login{std::move(login)},
      m_limits{limits},
      m_interrupt{interrupt} {}

Pool::Lease Pool::lease() {
  m_interrupt.check();
  for (;;) {
    std::unique_ptr<Session> session;
    {
      const std::lock_guard lock{m_mutex};
      if (m_idle.empty()) break;
      session = std::move(m_idle.back());
      m_idle.pop_back();
    }
    if (session->seems_alive()) return {*this, std::move(session), true};
  }
  return {*this, std::make_unique<Session>(m_address, m_login, m_limits, &m_interrupt), false};
}

void Pool::take_back(std::unique_ptr<Session> session) noexcept {
  if (session->broken()) return;
  const std::lock_guard lock{m_mutex};
  if (m_idle.size() < most_idle) m_idle.push_back(std::move(session));
}

std::unique_ptr<Session> Pool::session_in_a_hurry() const {
  Limits limits = m_limits;
  limits.connect = limits.stall = limits.flush = m_limits.clean_up;
  return std::make_unique<Session>(m_address, m_login, limits, nullptr);
}

void Pool::Attempts::after(const ConnectionLost& lost, bool used_before) {
  if (used_before) {
    // The others that were kept are likely to be no better; a new one is worth a try at once.
    const std::lock_guard lock{m_pool.m_mutex};
    m_pool.m_idle.clear();
    return;
  }
  const auto delay =
      net::delay_before_next(m_pool.m_limits.backoff, ++m_failed, std::nullopt, net::dice());
  if (!delay) throw m_operation.failed(lost, m_failed);
  pollfd interrupted{m_pool.m_interrupt.fd(), POLLIN, 0};
  ::poll(&interrupted, 1, static_cast<int>(delay->count()));
  m_pool.m_interrupt.check();
}

}  // namespace bkp::sftp
