#pragma once

#include <optional>
#include <string>

#include "s3/piece.hpp"
#include "stream/sink.hpp"

namespace bkp::s3 {

/// Bytes of an object that are asked for at once.
inline constexpr std::uint64_t piece_size = std::uint64_t{8} << 20U;

/// Store::fetch(): the first piece goes straight to the sink and tells how much there is. What
/// remains is fetched in pieces of piece_size by up to Options::parallel threads and written
/// by the caller's in order; so as many pieces, and no more, are in memory.
bool fetch(Client& client, const Operation& operation, const std::string& bucket_key,
           std::optional<store::ByteRange> range, stream::Sink& sink);

}  // namespace bkp::s3
