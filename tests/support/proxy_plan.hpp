#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::test {

enum class Damage {
  refuse,  ///< a new connection is reset before a byte passes; for no connection in the port itself
           ///< see FaultyProxy::stop_listening()
  cut,     ///< closed in order, as by a server that ends
  reset,   ///< RST
  stall,   ///< stays open, and nothing passes any more, neither way
  flip,    ///< the byte that follows is passed with all its bits changed; the rest as it is
};

enum class Direction { request, answer };

struct Fault {
  Damage damage = Damage::cut;
  Direction direction = Direction::answer;
  std::uint64_t after = 0;  ///< bytes of that direction that pass before
};

struct ProxyCounts {
  int connections = 0;
  int refused = 0;
  int cut = 0;  ///< those after lost answers included
  int reset = 0;
  int stalled = 0;
  int flipped = 0;
  int answered = 0;      ///< requests that got a canned answer
  int lost_answers = 0;  ///< requests whose answer was swallowed
};

/// What a request that was picked gets.
struct PickedRequest {
  std::optional<std::string> answer;  ///< absent: what the target answers is lost
};

/// What a FaultyProxy is to do and what it has done. Any thread.
class ProxyPlan {
 public:
  void add(Fault fault, int times);
  void add_request(std::string text, PickedRequest picked, int times);

  /// Counts a connection; the fault it is to have.
  std::optional<Fault> next_fault();
  /// Notes a request; what it is to get.
  std::optional<PickedRequest> pick(std::string_view first_line);

  void count(Damage damage);
  void count(const PickedRequest& picked);

  ProxyCounts counts() const;
  std::vector<std::string> requests() const;

 private:
  struct Pick {
    std::string text;
    PickedRequest picked;
    int left;
  };

  mutable std::mutex m_mutex;
  std::deque<Fault> m_faults;
  std::vector<Pick> m_picks;
  ProxyCounts m_counts;
  std::vector<std::string> m_requests;
};

}  // namespace bkp::test
