#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "s3/client.hpp"

namespace bkp::s3 {

/// Removes objects of the bucket with DeleteObjects, a thousand in a request; those that are not
/// there count as removed. The indexes of those that were not, in order: each that the server
/// names, and all of a request that failed as a whole, for not every service knows it.
std::vector<std::size_t> remove_many(Client& client, const std::vector<std::string>& bucket_keys);

}  // namespace bkp::s3
