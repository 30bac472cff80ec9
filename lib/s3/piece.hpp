#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "s3/client.hpp"
#include "s3/failure.hpp"
#include "store/store.hpp"

namespace bkp::s3 {

/// The end of a range, with no overflow: past the last byte there can be.
std::uint64_t range_end(const store::ByteRange& range);

/// A Content-Range, "bytes 0-9/100" (RFC 9110, section 14.4). nullopt for anything else, and where
/// the whole length is not told.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view value);

/// Reads bytes [begin, end) of an object with GETs for ranges; after a break it goes on where the
/// last one stopped. From the first answer on every further one must be of the same object
/// (If-Match with its ETag).
class Piece {
 public:
  enum class Result { done, absent, past_end };
  using Take = std::function<void(std::span<const std::byte>)>;

  /// `etag`: of the object, when it is known already. The rest outlives this.
  Piece(Client& client, const Operation& operation, const std::string& bucket_key, std::string etag,
        std::stop_token stop);

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
  Response ask(std::uint64_t begin, std::uint64_t end, std::uint64_t limit, const Take& take);
  util::Error changed() const;
  void read_head(const Response& head, std::uint64_t asked);

  Client& m_client;
  const Operation& m_operation;
  const std::string& m_bucket_key;
  std::string m_etag;
  std::stop_token m_stop;
  std::uint64_t m_total = 0;
  std::uint64_t m_taken = 0;
  std::uint64_t m_skip = 0;   ///< of the answer at hand, not asked for
  std::uint64_t m_until = 0;  ///< where the answer at hand is to be cut
};

}  // namespace bkp::s3
