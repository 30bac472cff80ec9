#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/proxy_plan.hpp"
#include "util/fd.hpp"

namespace bkp::test {

class ProxiedConnection;

/// A TCP proxy on 127.0.0.1 in front of another port there, with faults on request:
///
///   FaultyProxy proxy{sshd.port()};
///   proxy.next({Damage::reset, Direction::answer, 100'000});
///   … a download from proxy.port() …
///   CHECK(proxy.counts().reset == 1);
///
/// Connections without a fault of theirs pass through unchanged, as many at a time as there are.
/// Everything may be called from any thread. The destructor ends all connections and waits for its
/// threads.
class FaultyProxy {
 public:
  enum class Protocol {
    bytes,
    http,  ///< HTTP/1.1 with Content-Length; a request in chunks, and what follows it, only passes
  };

  explicit FaultyProxy(std::uint16_t target_port, Protocol protocol = Protocol::bytes);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  std::uint16_t port() const { return m_port; }

  /// For each of the next `times` connections that is not taken by a fault asked for before.
  void next(Fault fault, int times = 1);
  /// For every connection that is open now (one that passed a byte is); its `after` counts from now
  /// on.
  void running(Fault fault);

  /// The next `times` requests whose first line ("PUT /bucket/key HTTP/1.1") contains `text` get
  /// `answer`, byte for byte; the target never sees them. It must say how long it is.
  void answer(std::string text, std::string answer, int times = 1);
  /// The next `times` such requests are passed on, and when the target has answered them the
  /// connection is cut without a byte of its answer.
  void lose_answer(std::string text, int times = 1);

  /// From here on the kernel refuses new connections; open ones go on.
  void stop_listening();
  /// On the same port again.
  void listen_again();

  /// What was done so far.
  ProxyCounts counts() const { return m_plan.counts(); }
  /// The first lines of all requests, in the order they came.
  std::vector<std::string> requests() const { return m_plan.requests(); }

 private:
  struct Running {
    std::unique_ptr<ProxiedConnection> connection;
    std::jthread thread;
  };

  void accept_connections();

  std::uint16_t m_target_port;
  Protocol m_protocol;
  ProxyPlan m_plan;
  util::Fd m_listener;
  std::uint16_t m_port;
  util::Pipe m_stop_accepting;
  std::mutex m_mutex;
  std::list<Running> m_running;
  std::jthread m_acceptor;
};

}  // namespace bkp::test
