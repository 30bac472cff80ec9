#pragma once

#include <optional>
#include <string>

#include "store/s3_piece.hpp"
#include "stream/sink.hpp"

namespace bkp::store {

/// Bytes of an object that are asked for at once.
inline constexpr std::uint64_t s3_piece_size = std::uint64_t{8} << 20U;

/// Store::fetch(): the first piece goes straight to the sink and tells how much there is. What
/// remains is fetched in pieces of s3_piece_size by up to S3Options::parallel threads and written
/// by the caller's in order; so as many pieces, and no more, are in memory.
bool s3_fetch(S3Client& client, const S3Operation& operation, const std::string& bucket_key,
              std::optional<ByteRange> range, stream::Sink& sink);

}  // namespace bkp::store
