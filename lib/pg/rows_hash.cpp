#define XXH_INLINE_ALL

#include "pg/rows_hash.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace bkp::pg {

void RowsHash::add(std::string_view row) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(row.data(), row.size());
  add_hashed(hash.low64, hash.high64);
}

std::string RowsHash::hex() const {
  return fmt::format("{:016x}{:016x}", m_high, m_low);
}

}  // namespace bkp::pg
