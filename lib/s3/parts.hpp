#pragma once

#include <cstddef>

namespace bkp::s3 {

/// How a stream of unknown length is cut into the parts of a multipart upload, of which S3 takes
/// 10,000 at most, each of 5 MiB to 5 GiB (AWS, "Amazon S3 multipart upload limits"). Parts are
/// held in memory until they are stored, since they may have to be sent again; so they start small
/// and grow late:
///
///   parts         each       object up to   buffers with 8 in parallel
///   1 – 1000        8 MiB       7.8 GiB        72 MiB
///   – 2000         16 MiB        23 GiB        80 MiB
///   – 4000         32 MiB        85 GiB        64 MiB
///   – 6000         64 MiB       210 GiB       128 MiB
///   – 7000        256 MiB       460 GiB       512 MiB
///   – 8000          1 GiB       1.4 TiB         2 GiB
///   – 10000         2 GiB       5.3 TiB         4 GiB
inline constexpr std::size_t most_parts = 10'000;

/// Of part `number`, counted from 1; in bytes.
std::size_t part_size(std::size_t number);

/// How many buffers of parts this large there may be at once, the one that is being filled
/// included: `parallel` + 1, as far as they fit 80 MiB; two at least.
std::size_t part_buffers(std::size_t part_size, std::size_t parallel);

}  // namespace bkp::s3
