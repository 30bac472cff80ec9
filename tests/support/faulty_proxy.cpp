#include "support/faulty_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "support/loopback.hpp"
#include "support/proxied_connection.hpp"

namespace bkp::test {

FaultyProxy::FaultyProxy(std::uint16_t target_port, Protocol protocol)
    : m_target_port{target_port},
      m_protocol{protocol},
      m_listener{listen_on_loopback()},
      m_port{port_of(m_listener)},
      m_stop_accepting{util::make_pipe()},
      m_acceptor{[this] { accept_connections(); }} {}

FaultyProxy::~FaultyProxy() {
  stop_listening();
  for (Running& running : m_running) running.connection->end();
}

void FaultyProxy::next(Fault fault, int times) {
  m_plan.add(fault, times);
}

void FaultyProxy::running(Fault fault) {
  const std::lock_guard lock{m_mutex};
  for (Running& running : m_running) running.connection->add_from_now(fault);
}

void FaultyProxy::answer(std::string text, std::string answer, int times) {
  m_plan.add_request(std::move(text), {std::move(answer)}, times);
}

void FaultyProxy::lose_answer(std::string text, int times) {
  m_plan.add_request(std::move(text), {}, times);
}

void FaultyProxy::stop_listening() {
  m_stop_accepting.write.reset();
  if (m_acceptor.joinable()) m_acceptor.join();
  m_listener.reset();
}

void FaultyProxy::listen_again() {
  stop_listening();
  m_listener = listen_on_loopback(m_port);
  m_stop_accepting = util::make_pipe();
  m_acceptor = std::jthread{[this] { accept_connections(); }};
}

void FaultyProxy::accept_connections() {
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{m_stop_accepting.read.get(), POLLIN, 0},
                                  pollfd{m_listener.get(), POLLIN, 0}};
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) return;
    util::Fd client{::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!client) continue;
    const auto fault = m_plan.next_fault();
    if (fault && fault->damage == Damage::refuse) {
      // Counted first: whoever sees the reset may look at once.
      m_plan.count(Damage::refuse);
      close_with_reset(client);
      continue;
    }
    auto target = connect_to_loopback(m_target_port);
    if (!target) {
      close_with_reset(client);
      continue;
    }
    auto connection = std::make_unique<ProxiedConnection>(
        m_plan, std::move(client), std::move(*target), m_protocol == Protocol::http, fault);
    ProxiedConnection& running = *connection;
    const std::lock_guard lock{m_mutex};
    m_running.push_back({std::move(connection), std::jthread{[&running] { running.run(); }}});
  }
}

}  // namespace bkp::test
