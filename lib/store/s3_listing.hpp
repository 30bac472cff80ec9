#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/s3_client.hpp"
#include "store/s3_failure.hpp"
#include "store/s3_xml.hpp"

namespace bkp::store {

/// All pages of ListObjectsV2 for keys of the bucket that start with `prefix`, one after the other.
/// With `delimiter`, what has it behind the prefix is summed up in S3ListPage::prefixes.
void s3_list(S3Client& client, const S3Operation& operation, const std::string& prefix,
             const std::string& delimiter, const std::function<void(S3ListPage&&)>& take);

/// The multipart uploads under way whose key starts with `prefix`.
std::vector<S3UploadsPage::Upload> s3_uploads(S3Client& client, const S3Operation& operation,
                                              const std::string& prefix);

/// Throws unless the bucket is there and may be listed: one request.
void s3_require_bucket(S3Client& client, const S3Operation& operation, const std::string& prefix);

}  // namespace bkp::store
