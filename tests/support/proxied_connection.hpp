#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_exchange.hpp"
#include "support/proxy_plan.hpp"
#include "util/fd.hpp"

namespace bkp::test {

/// One connection of a FaultyProxy. run() is for a thread of its own, the rest for any.
class ProxiedConnection {
 public:
  ProxiedConnection(ProxyPlan& plan, util::Fd client, util::Fd target, bool http,
                    std::optional<Fault> fault);

  /// Passes bytes until both ends are closed, a fault ends it, or end() was called.
  void run();
  void end();
  void add_from_now(Fault fault);

 private:
  /// One direction.
  struct Flow {
    util::Fd& from;
    util::Fd& to;
    std::string waiting{};     ///< taken from one, not yet given to the other
    std::uint64_t passed = 0;  ///< bytes, those that wait included
    bool from_ended = false;
    bool to_ended = false;
  };

  Flow& flow(Direction direction) {
    return direction == Direction::request ? m_requests : m_answers;
  }
  bool turn();
  void take_from(Direction direction);
  void give_to(Flow& flow);
  void pass(Direction direction, std::string data);
  void pass_http(Direction direction, std::string_view data);
  void look_for_new_faults();
  void carry_out(Damage damage);
  void wait_for_end();

  ProxyPlan& m_plan;
  util::Fd m_client;
  util::Fd m_target;
  std::optional<HttpExchange> m_http;
  Flow m_requests{m_client, m_target};
  Flow m_answers{m_target, m_client};
  std::vector<Fault> m_faults;    ///< of run()'s thread; `after` counts from the beginning
  std::optional<Damage> m_final;  ///< to be carried out as soon as what precedes it was given
  std::mutex m_mutex;
  std::vector<Fault> m_new_faults;
  bool m_end = false;
  util::Pipe m_wake = util::make_pipe();
};

}  // namespace bkp::test
