#include "s3/message.hpp"

#include <algorithm>
#include <array>

#include "net/backoff.hpp"

namespace bkp::s3 {

namespace {

bool transfer_may_pass(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return false;
    default:
      return true;
  }
}

/// Refusals whose status does not say that they pass (AWS, "Error responses").
constexpr std::array<std::string_view, 9> passing_codes{
    "SlowDown",         "ServiceUnavailable",        "InternalError",
    "RequestTimeout",   "RequestTimeoutException",   "BadDigest",
    "OperationAborted", "XAmzContentSHA256Mismatch", "ConditionalRequestConflict"};

}  // namespace

std::string_view Response::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : found->second;
}

bool Response::may_pass() const {
  if (broken) return transfer_may_pass(broken->code());
  return net::may_pass(status) ||
         std::find(passing_codes.begin(), passing_codes.end(), code()) != passing_codes.end();
}

}  // namespace bkp::s3
