#include "pg/advisory_lock.hpp"

#include <charconv>

#include "stream/hash.hpp"

namespace bkp::pg {

std::int64_t advisory_key(std::string_view text) {
  const auto digest = stream::digests_of(text).sha256;
  std::uint64_t key = 0;
  std::from_chars(digest.data(), digest.data() + 2 * sizeof key, key, 16);
  return static_cast<std::int64_t>(key);
}

}  // namespace bkp::pg
