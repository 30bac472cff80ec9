#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "store/s3_client.hpp"
#include "store/s3_failure.hpp"
#include "store/store.hpp"

namespace bkp::store {

/// The end of a range, with no overflow: past the last byte there can be.
std::uint64_t s3_range_end(const ByteRange& range);

/// A Content-Range, "bytes 0-9/100" (RFC 9110, section 14.4). nullopt for anything else, and where
/// the whole length is not told.
struct S3ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};
std::optional<S3ContentRange> parse_content_range(std::string_view value);

/// Reads bytes [begin, end) of an object with GETs for ranges; after a break it goes on where the
/// last one stopped. From the first answer on every further one must be of the same object
/// (If-Match with its ETag).
class S3Piece {
 public:
  enum class Result { done, absent, past_end };
  using Take = std::function<void(std::span<const std::byte>)>;

  /// `etag`: of the object, when it is known already. The rest outlives this.
  S3Piece(S3Client& client, const S3Operation& operation, const std::string& bucket_key,
          std::string etag, std::stop_token stop);

  /// Hands the bytes to `take`, in order. `past_end`: there is an object, but nothing at `begin`.
  /// Where the server ignores ranges it gives up to `limit` (at least `end`) rather than to throw
  /// away what comes.
  Result read(std::uint64_t begin, std::uint64_t end, std::uint64_t limit, const Take& take);

  const std::string& etag() const { return m_etag; }
  /// Bytes handed over.
  std::uint64_t taken() const { return m_taken; }
  /// Of the whole object; known when done.
  std::uint64_t total() const { return m_total; }

 private:
  S3Response ask(std::uint64_t begin, std::uint64_t end, std::uint64_t limit, const Take& take);
  util::Error changed() const;
  void read_head(const S3Response& head, std::uint64_t asked);

  S3Client& m_client;
  const S3Operation& m_operation;
  const std::string& m_bucket_key;
  std::string m_etag;
  std::stop_token m_stop;
  std::uint64_t m_total = 0;
  std::uint64_t m_taken = 0;
  std::uint64_t m_skip = 0;   ///< of the answer at hand, not asked for
  std::uint64_t m_until = 0;  ///< where the answer at hand is to be cut
};

}  // namespace bkp::store
