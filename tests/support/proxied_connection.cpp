#include "support/proxied_connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "support/loopback.hpp"

namespace bkp::test {

namespace {

constexpr std::size_t most_waiting = std::size_t{1} << 18U;

short wanted(bool in, bool out) {
  return static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

}  // namespace

ProxiedConnection::ProxiedConnection(ProxyPlan& plan, util::Fd client, util::Fd target, bool http,
                                     std::optional<Fault> fault)
    : m_plan{plan}, m_client{std::move(client)}, m_target{std::move(target)} {
  if (http) m_http.emplace(plan);
  if (fault) m_faults.push_back(*fault);
}

void ProxiedConnection::end() {
  const std::lock_guard lock{m_mutex};
  m_end = true;
  m_wake.write.reset();
}

void ProxiedConnection::add_from_now(Fault fault) {
  const std::lock_guard lock{m_mutex};
  if (!m_wake.write) return;
  m_new_faults.push_back(fault);
  const char byte = 0;
  [[maybe_unused]] const auto written = ::write(m_wake.write.get(), &byte, 1);
}

void ProxiedConnection::run() {
  pass(Direction::request, {});
  pass(Direction::answer, {});
  while (turn()) {
  }
  m_client.reset();
  m_target.reset();
}

/// False when the connection is over.
bool ProxiedConnection::turn() {
  if (m_final && m_requests.waiting.empty() && m_answers.waiting.empty()) {
    carry_out(*m_final);
    return false;
  }
  for (Flow* flow : {&m_requests, &m_answers}) {
    if (!flow->from_ended || !flow->waiting.empty() || flow->to_ended) continue;
    ::shutdown(flow->to.get(), SHUT_WR);
    flow->to_ended = true;
  }
  if (m_requests.to_ended && m_answers.to_ended) return false;

  const auto reads = [&](const Flow& flow) {
    return !flow.from_ended && !m_final && flow.waiting.size() < most_waiting;
  };
  std::array<pollfd, 3> waiting{
      pollfd{m_wake.read.get(), POLLIN, 0},
      pollfd{m_client.get(), wanted(reads(m_requests), !m_answers.waiting.empty()), 0},
      pollfd{m_target.get(), wanted(reads(m_answers), !m_requests.waiting.empty()), 0}};
  // One that is wanted for nothing would report its end over and over.
  for (pollfd& socket : waiting) {
    if (socket.events == 0) socket.fd = -1;
  }
  ::poll(waiting.data(), waiting.size(), -1);
  {
    const std::lock_guard lock{m_mutex};
    if (m_end) return false;
  }
  if (waiting[0].revents != 0) look_for_new_faults();
  if (waiting[1].revents != 0 && reads(m_requests)) take_from(Direction::request);
  if (waiting[2].revents != 0 && reads(m_answers)) take_from(Direction::answer);
  give_to(m_answers);
  give_to(m_requests);
  return true;
}

void ProxiedConnection::take_from(Direction direction) {
  Flow& flow = this->flow(direction);
  std::array<char, 65536> buffer{};
  const auto length = ::recv(flow.from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    flow.from_ended = true;
    return;
  }
  const std::string_view data{buffer.data(), static_cast<std::size_t>(length)};
  if (m_http) {
    pass_http(direction, data);
  } else {
    pass(direction, std::string{data});
  }
}

void ProxiedConnection::give_to(Flow& flow) {
  if (flow.waiting.empty()) return;
  const auto length =
      ::send(flow.to.get(), flow.waiting.data(), flow.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (length < 0 && errno == EAGAIN) return;
  if (length < 0) {
    // Nobody is there to take it.
    flow.waiting.clear();
    flow.from_ended = true;
    return;
  }
  flow.waiting.erase(0, static_cast<std::size_t>(length));
}

void ProxiedConnection::pass(Direction direction, std::string data) {
  if (m_final) return;
  Flow& flow = this->flow(direction);
  for (const Fault& fault : m_faults) {
    if (fault.direction != direction || fault.after < flow.passed) continue;
    const std::uint64_t before = fault.after - flow.passed;
    if (fault.damage == Damage::flip) {
      if (before >= data.size()) continue;
      data[before] = static_cast<char>(~data[before]);
      m_plan.count(Damage::flip);
    } else if (before <= data.size()) {
      data.resize(before);
      m_final = fault.damage;
    }
  }
  flow.passed += data.size();
  flow.waiting += data;
}

void ProxiedConnection::pass_http(Direction direction, std::string_view data) {
  HttpExchange::Passed passed =
      direction == Direction::request ? m_http->request(data) : m_http->answer(data);
  pass(Direction::request, std::move(passed.to_target));
  pass(Direction::answer, std::move(passed.to_client));
  if (passed.cut) m_final = Damage::cut;
}

void ProxiedConnection::look_for_new_faults() {
  std::vector<Fault> faults;
  {
    const std::lock_guard lock{m_mutex};
    std::array<char, 16> bytes{};
    [[maybe_unused]] const auto got = ::read(m_wake.read.get(), bytes.data(), bytes.size());
    faults = std::exchange(m_new_faults, {});
  }
  for (Fault fault : faults) {
    fault.after += flow(fault.direction).passed;
    m_faults.push_back(fault);
    pass(fault.direction, {});
  }
}

void ProxiedConnection::carry_out(Damage damage) {
  // Counted first: whoever sees the end of the connection may look at once.
  m_plan.count(damage);
  if (damage == Damage::reset) {
    close_with_reset(m_client);
    return;
  }
  if (damage == Damage::cut) {
    m_target.reset();
    // Closed with data unread it would be a reset, which takes from the client what it has not
    // read.
    ::shutdown(m_client.get(), SHUT_WR);
  }
  wait_for_end();
}

/// Of the client or of the proxy.
void ProxiedConnection::wait_for_end() {
  const bool drains = !m_target;
  for (;;) {
    std::array<pollfd, 2> waiting{
        pollfd{m_wake.read.get(), POLLIN, 0},
        pollfd{m_client.get(), static_cast<short>(drains ? POLLIN : POLLRDHUP), 0}};
    ::poll(waiting.data(), waiting.size(), -1);
    {
      const std::lock_guard lock{m_mutex};
      if (m_end) return;
    }
    if (waiting[0].revents != 0) look_for_new_faults();
    if (waiting[1].revents == 0) continue;
    std::array<char, 65536> buffer{};
    if (!drains || ::recv(m_client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) return;
  }
}

}  // namespace bkp::test
