#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/s3_client.hpp"

namespace bkp::store {

/// Removes objects of the bucket with DeleteObjects, a thousand in a request; those that are not
/// there count as removed. The indexes of those that were not, in order: each that the server
/// names, and all of a request that failed as a whole, for not every service knows it.
std::vector<std::size_t> s3_remove_many(S3Client& client,
                                        const std::vector<std::string>& bucket_keys);

}  // namespace bkp::store
