#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "pg/lsn.hpp"

namespace bkp::pg {

/// Bytes of a data page: BLCKSZ, as every package of PostgreSQL is built.
inline constexpr std::size_t page_size = 8192;

using Page = std::span<const std::byte, page_size>;

/// The checksum that the page should have as this block of its file: PostgreSQL's
/// src/include/storage/checksum_impl.h. Blocks are counted over all segments of the relation.
std::uint16_t page_checksum(Page page, std::uint32_t block);

/// From the page's header (PageHeaderData, src/include/storage/bufpage.h).
Lsn page_lsn(Page page);
std::uint16_t stored_checksum(Page page);
/// Never used (PageIsNew: pd_upper is 0): all zeroes when it is sound, and without a checksum.
bool is_new_page(Page page);
bool is_all_zeroes(Page page);

}  // namespace bkp::pg
