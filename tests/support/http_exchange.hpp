#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/proxy_plan.hpp"

namespace bkp::test {

/// The requests and answers of one HTTP/1.1 connection, followed byte by byte, so that requests can
/// be picked from it. A request is followed by its answer before the next one comes.
class HttpExchange {
 public:
  explicit HttpExchange(ProxyPlan& plan) : m_plan{plan} {}

  /// What is to be passed on, and whether the connection is to be cut after it.
  struct Passed {
    std::string to_target{};
    std::string to_client{};
    bool cut = false;
  };
  Passed request(std::string_view data);
  Passed answer(std::string_view data);

 private:
  void on_request_head(Passed& passed);
  void on_request_end(Passed& passed);
  bool lost_answer_is_complete();

  ProxyPlan& m_plan;
  std::string m_head{};           ///< of a request, as far as it came
  std::uint64_t m_body_left = 0;  ///< bytes of the request
  bool m_in_body = false;
  bool m_only_passes = false;  ///< since a request whose length cannot be told
  std::optional<PickedRequest> m_picked{};
  bool m_without_body = false;  ///< the answer to a HEAD
  std::string m_lost{};         ///< of an answer that is to be lost
};

}  // namespace bkp::test
