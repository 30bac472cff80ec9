#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "net/backoff.hpp"
#include "net/easy_pool.hpp"
#include "store/open.hpp"
#include "store/s3_address.hpp"
#include "store/s3_credentials.hpp"
#include "store/s3_message.hpp"
#include "util/clock.hpp"

namespace bkp::store {

/// How patient a store is; tests are not.
struct S3Patience {
  net::Backoff backoff;
  std::chrono::seconds stall_limit = net::stall_limit;
  std::chrono::seconds long_stall_limit{600};  ///< with S3Request::long_answer
};

/// Sends signed requests to a bucket. Any thread; a request each. Connections are kept and used
/// again.
class S3Client {
 public:
  /// The seams and the clock must outlive the client. Throws Error{config}, see s3_address().
  S3Client(const Place& place, const Seams& seams, const util::Clock& clock,
           const S3Patience& patience);

  const S3Address& address() const { return m_address; }
  const S3Options& options() const { return m_options; }
  const util::Clock& clock() const { return m_clock; }
  /// S3Options::parallel, within its bounds.
  std::size_t parallel() const;

  /// Sends once (twice, when the server calls the credentials expired and there are others). Throws
  /// Error{key} for the lack of credentials, Error{interrupted}, S3Stopped, and what `receive`
  /// throws; whatever the server or the network does is in the response.
  S3Response send_once(const S3Request& request);

  /// Sends until the response is one that does not pass with time, or patience ends: the last
  /// response. Throws as send_once() does.
  S3Response send(const S3Request& request);

  /// With `If-None-Match: *`, so that nothing is overwritten; and where the server does not know
  /// that (AWS's own did not before 2024), without it, now and from now on. Not every server that
  /// takes the line heeds it: look first.
  S3Response send_if_none_match(S3Request request);

 private:
  friend class S3Retry;
  void prepare(net::Easy& easy, const S3Request& request, S3Response& response,
               const S3Credentials& credentials) const;
  S3Response transfer(const S3Request& request, const S3Credentials& credentials);

  S3Options m_options;
  S3Address m_address;
  const util::Interrupt& m_interrupt;
  const util::Clock& m_clock;
  S3Patience m_patience;
  S3CredentialsProvider m_credentials;
  net::EasyPool m_pool{"https,http"};
  std::atomic<bool> m_conditions = true;
};

/// How often something was tried, and the waiting in between. One thread.
class S3Retry {
 public:
  S3Retry(const S3Client& client, const S3Request& request)
      : m_client{client}, m_stop{request.stop}, m_parting{request.parting} {}

  /// Waits after a failure that may pass; false when it does not, or patience is at its end. Throws
  /// Error{interrupted} and S3Stopped.
  bool again_after(const S3Response& response);

  /// Something was got done since: patience begins anew.
  void progressed() { m_failed = 0; }

 private:
  const S3Client& m_client;
  std::stop_token m_stop;
  bool m_parting;
  int m_failed = 0;
};

}  // namespace bkp::store
