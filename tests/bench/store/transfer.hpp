#pragma once

#include <string>
#include <vector>

namespace bkp::bench {

/// Jobs of this benchmark: one object between a file and bkp's store in a bucket, with the
/// credentials of the environment. No command of bkp moves a file of any kind.

/// ENDPOINT BUCKET PARALLEL FILE KEY
void upload(const std::vector<std::string>& arguments);
/// ENDPOINT BUCKET PARALLEL KEY FILE
void download(const std::vector<std::string>& arguments);

}  // namespace bkp::bench
