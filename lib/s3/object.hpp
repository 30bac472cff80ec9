#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "s3/client.hpp"
#include "s3/failure.hpp"

namespace bkp::s3 {

/// What HEAD tells of an object.
struct ObjectHead {
  std::uint64_t size = 0;
  util::Time modified;
  std::string etag;       ///< as sent, with its quotes; may be empty
  std::string writer;     ///< the mark its writer left, see writer_header
  std::string lock_mode;  ///< "GOVERNANCE" or "COMPLIANCE"; empty: it may be removed at any time
  /// The ETag says nothing of the contents: they are encrypted with a key of the service's own.
  bool opaque_etag = false;
};

/// Every object carries a random mark of the upload that made it. When the answer to the last
/// request of an upload is lost, the mark tells this upload's object from another writer's.
inline constexpr const char* writer_header = "x-amz-meta-bkp-upload";

/// nullopt when there is none. Throws, see failure().
std::optional<ObjectHead> head_of(Client& client, const Operation& operation,
                                  const std::string& bucket_key);

}  // namespace bkp::s3
