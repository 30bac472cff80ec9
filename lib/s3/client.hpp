#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "net/backoff.hpp"
#include "net/easy_pool.hpp"
#include "s3/address.hpp"
#include "s3/credentials.hpp"
#include "s3/message.hpp"
#include "util/clock.hpp"

namespace bkp::s3 {

/// How patient a store is; tests are not.
struct Patience {
  net::Backoff backoff;
  std::chrono::seconds stall_limit = net::stall_limit;
  std::chrono::seconds long_stall_limit{600};  ///< with Request::long_answer
};

/// Sends signed requests to a bucket. Any thread; a request each. Connections are kept and used
/// again.
class Client {
 public:
  /// The seams and the clock must outlive the client. Throws Error{config}, see address_of().
  Client(std::string_view url, const Options& options, const store::Seams& seams,
         const util::Clock& clock, const Patience& patience);

  const Address& address() const { return m_address; }
  const Options& options() const { return m_options; }
  const util::Clock& clock() const { return m_clock; }
  /// Options::parallel, within its bounds.
  std::size_t parallel() const;

  /// Sends once (twice, when the server calls the credentials expired and there are others). Throws
  /// Error{key} for the lack of credentials, Error{interrupted}, Stopped, and what `receive`
  /// throws; whatever the server or the network does is in the response.
  Response send_once(const Request& request);

  /// Sends until the response is one that does not pass with time, or patience ends: the last
  /// response. Throws as send_once() does.
  Response send(const Request& request);

  /// With `If-None-Match: *`, so that nothing is overwritten; and where the server does not know
  /// that (AWS's own did not before 2024), without it, now and from now on. Not every server that
  /// takes the line heeds it: look first.
  Response send_if_none_match(Request request);

 private:
  friend class Retry;
  void prepare(net::Easy& easy, const Request& request, Response& response,
               const Credentials& credentials) const;
  Response transfer(const Request& request, const Credentials& credentials);

  Options m_options;
  Address m_address;
  const util::Interrupt& m_interrupt;
  const util::Clock& m_clock;
  Patience m_patience;
  CredentialsProvider m_credentials;
  net::EasyPool m_pool{"https,http"};
  std::atomic<bool> m_conditions = true;
};

/// How often something was tried, and the waiting in between. One thread.
class Retry {
 public:
  Retry(const Client& client, const Request& request)
      : m_client{client}, m_stop{request.stop}, m_parting{request.parting} {}

  /// Waits after a failure that may pass; false when it does not, or patience is at its end. Throws
  /// Error{interrupted} and Stopped.
  bool again_after(const Response& response);

  /// Something was got done since: patience begins anew.
  void progressed() { m_failed = 0; }

 private:
  const Client& m_client;
  std::stop_token m_stop;
  bool m_parting;
  int m_failed = 0;
};

}  // namespace bkp::s3
