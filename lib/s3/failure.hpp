#pragma once

#include <string>
#include <string_view>

#include "s3/client.hpp"
#include "util/error.hpp"

namespace bkp::s3 {

/// What is done to what, as errors name it.
struct Operation {
  std::string_view verb;  ///< "create"
  std::string key;        ///< in the store; empty: the store as such
  std::string url;        ///< of the store

  std::string name() const;  ///< "studio/x" in s3://bucket/prefix
  /// Error{store}: cannot VERB NAME: `why`
  util::Error failed(std::string_view why, std::string hint = {}) const;
  /// The key is taken.
  util::Error exists() const;
};

/// The error for a response that is no success: Error{key} for what is wrong with the credentials,
/// Error{store} for all else, with what to do about it.
util::Error failure(const Operation& operation, const Client& client, const Response& response);

/// The same for the answer to a HEAD, which has no body that says why: asks again with a GET for a
/// single byte.
util::Error head_failure(const Operation& operation, Client& client, const Request& request,
                         const Response& response);

}  // namespace bkp::s3
