#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "s3/credentials.hpp"
#include "util/clock.hpp"

namespace bkp::s3 {

/// Names and values: of a query, or of a head with its names in lower case.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// What of a request is signed.
struct Signable {
  std::string_view method;
  std::string_view path;         ///< encoded: encoded_path()
  const Pairs& query;            ///< not encoded
  const Pairs& headers;          ///< all are signed; "host" is among them
  std::string_view body_sha256;  ///< hex, as in the header x-amz-content-sha256
};

/// The query as it is sent and signed: encoded and sorted; without "?".
std::string encoded_query(const Pairs& query);

/// The value of the header Authorization after AWS's Signature Version 4 for S3 (AWS,
/// "Authenticating Requests: Using the Authorization Header"). `time` is what x-amz-date says.
std::string authorization_header(const Signable& request, const Credentials& credentials,
                                 std::string_view region, util::Time time);

}  // namespace bkp::s3
