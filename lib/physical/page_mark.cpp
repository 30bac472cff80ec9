#include "physical/page_mark.hpp"

#include <xxhash.h>

namespace bkp::physical {

PageMark mark_of(pg::Page page) {
  return {pg::crc32c(page), static_cast<std::uint32_t>(XXH3_64bits(page.data(), page.size()))};
}

const pg::Crc32cJoiner& PagesCrc::joiner() {
  static const pg::Crc32cJoiner joiner{pg::page_size};
  return joiner;
}

}  // namespace bkp::physical
