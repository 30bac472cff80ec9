#include "schedule/run_key.hpp"

#include <fmt/format.h>

#include "stream/hash.hpp"

namespace bkp::schedule {

std::string run_key_of(const std::string& site, std::int64_t schedule_id, util::Time due_at) {
  const auto hash = stream::digests_of(fmt::format("bkp schedule {} {} {}", site, schedule_id,
                                                   util::format_rfc3339(due_at)))
                        .sha256;
  // The version in the thirteenth digit, the variant (10 in two bits) in the seventeenth.
  constexpr std::string_view variants = "89ab";
  const char variant = variants[static_cast<std::size_t>(hash[16]) % variants.size()];
  return fmt::format("{}-{}-8{}-{}{}-{}", hash.substr(0, 8), hash.substr(8, 4), hash.substr(13, 3),
                     variant, hash.substr(17, 3), hash.substr(20, 12));
}

}  // namespace bkp::schedule
