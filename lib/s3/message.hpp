#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "net/easy.hpp"
#include "s3/signature.hpp"
#include "s3/xml.hpp"
#include "util/clock.hpp"

namespace bkp::s3 {

struct Response {
  long status = 0;                                          ///< 0 when none came
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;                                         ///< without what Request::receive took
  /// What stands in a body that is an <Error>; absent after HEAD, which has no body.
  std::optional<ErrorBody> error;
  /// The transfer ended before its end; status and headers may have come before.
  std::optional<net::TransferError> broken;
  util::Time signed_at;
  int attempts = 1;  ///< how often it was sent

  /// CompleteMultipartUpload is answered with 200 before AWS knows how that ends: an <Error> is
  /// none whatever the status.
  bool ok() const { return !broken && status >= 200 && status < 300 && !error; }
  /// The value of a head line; empty when there is none.
  std::string_view header(std::string_view name) const;
  std::string_view code() const { return error ? std::string_view{error->code} : ""; }
  /// Whether the same request may succeed later.
  bool may_pass() const;
};

struct Request {
  const char* method = "GET";
  std::string key;  ///< in the bucket, with the store's prefix; empty: the bucket itself
  Pairs query;
  Pairs headers;                    ///< names in lower case; besides those every request has
  std::span<const std::byte> body;  ///< must stay until the request is done
  /// Takes the body of a success instead of Response::body. What it throws is passed on. Not with
  /// Client::send(), which would begin again from the start.
  std::function<void(const Response& head, std::span<const std::byte> data)> receive;
  /// When asked, the request ends soon with Stopped.
  std::stop_token stop;
  /// The server may think for minutes before it answers.
  bool long_answer = false;
  /// Sent even when the run was interrupted, but given up after a few seconds: for cleaning up.
  bool parting = false;
};

/// A request was stopped by Request::stop. No error of anybody's.
struct Stopped {};

}  // namespace bkp::s3
