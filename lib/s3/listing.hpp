#pragma once

#include <functional>
#include <string>
#include <vector>

#include "s3/client.hpp"
#include "s3/failure.hpp"
#include "s3/xml.hpp"

namespace bkp::s3 {

/// All pages of ListObjectsV2 for keys of the bucket that start with `prefix`, one after the other.
/// With `delimiter`, what has it behind the prefix is summed up in ListPage::prefixes.
void list(Client& client, const Operation& operation, const std::string& prefix,
          const std::string& delimiter, const std::function<void(ListPage&&)>& take);

/// The multipart uploads under way whose key starts with `prefix`.
std::vector<UploadsPage::Upload> uploads(Client& client, const Operation& operation,
                                         const std::string& prefix);

/// Throws unless the bucket is there and may be listed: one request.
void require_bucket(Client& client, const Operation& operation, const std::string& prefix);

}  // namespace bkp::s3
