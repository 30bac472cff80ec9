#include "support/proxy_plan.hpp"

#include <utility>

namespace bkp::test {

void ProxyPlan::add(Fault fault, int times) {
  const std::lock_guard lock{m_mutex};
  for (int i = 0; i < times; ++i) m_faults.push_back(fault);
}

void ProxyPlan::add_request(std::string text, PickedRequest picked, int times) {
  const std::lock_guard lock{m_mutex};
  m_picks.push_back({std::move(text), std::move(picked), times});
}

std::optional<Fault> ProxyPlan::next_fault() {
  const std::lock_guard lock{m_mutex};
  ++m_counts.connections;
  if (m_faults.empty()) return std::nullopt;
  const Fault fault = m_faults.front();
  m_faults.pop_front();
  return fault;
}

std::optional<PickedRequest> ProxyPlan::pick(std::string_view first_line) {
  const std::lock_guard lock{m_mutex};
  m_requests.emplace_back(first_line);
  for (Pick& pick : m_picks) {
    if (pick.left == 0 || first_line.find(pick.text) == first_line.npos) continue;
    --pick.left;
    return pick.picked;
  }
  return std::nullopt;
}

void ProxyPlan::count(Damage damage) {
  const std::lock_guard lock{m_mutex};
  switch (damage) {
    case Damage::refuse:
      ++m_counts.refused;
      break;
    case Damage::cut:
      ++m_counts.cut;
      break;
    case Damage::reset:
      ++m_counts.reset;
      break;
    case Damage::stall:
      ++m_counts.stalled;
      break;
    case Damage::flip:
      ++m_counts.flipped;
      break;
  }
}

void ProxyPlan::count(const PickedRequest& picked) {
  const std::lock_guard lock{m_mutex};
  ++(picked.answer ? m_counts.answered : m_counts.lost_answers);
}

ProxyCounts ProxyPlan::counts() const {
  const std::lock_guard lock{m_mutex};
  return m_counts;
}

std::vector<std::string> ProxyPlan::requests() const {
  const std::lock_guard lock{m_mutex};
  return m_requests;
}

}  // namespace bkp::test
