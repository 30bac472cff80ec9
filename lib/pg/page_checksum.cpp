#include "pg/page_checksum.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "pg/bytes_at.hpp"

namespace bkp::pg {

namespace {

// Offsets in PageHeaderData.
constexpr std::size_t at_checksum = 8;
constexpr std::size_t at_upper = 14;

constexpr std::size_t sums = 32;
constexpr std::uint32_t prime = 16777619;

using Sums = std::array<std::uint32_t, sums>;

/// The basis of each sum, from checksum_impl.h.
constexpr Sums bases{
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756};

/// 32 sums side by side, so that the compiler can use wide registers; the best that this machine
/// has.
__attribute__((target_clones("avx2", "default"))) void add_rows(const std::uint32_t* words,
                                                                std::size_t rows,
                                                                std::uint32_t* state) {
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < sums; ++i) {
      const std::uint32_t mixed = state[i] ^ words[row * sums + i];
      state[i] = mixed * prime ^ mixed >> 17U;
    }
  }
}

}  // namespace

std::uint16_t page_checksum(Page page, std::uint32_t block) {
  std::array<std::uint32_t, page_size / sizeof(std::uint32_t)> words;
  std::memcpy(words.data(), page.data(), page_size);
  // The checksum is not of itself: its two bytes, and the two of the flags stay.
  words[at_checksum / 4] &= 0xFFFF0000U;
  Sums state = bases;
  add_rows(words.data(), words.size() / sums, state.data());
  const std::array<std::uint32_t, 2 * sums> zeroes{};
  add_rows(zeroes.data(), 2, state.data());
  std::uint32_t result = block;
  for (const auto sum : state) result ^= sum;
  return static_cast<std::uint16_t>(result % 65535 + 1);
}

Lsn page_lsn(Page page) {
  const std::uint64_t high = read_at<std::uint32_t>(page, 0);
  return {high << 32U | read_at<std::uint32_t>(page, 4)};
}

std::uint16_t stored_checksum(Page page) {
  return read_at<std::uint16_t>(page, at_checksum);
}

bool is_new_page(Page page) {
  return read_at<std::uint16_t>(page, at_upper) == 0;
}

bool is_all_zeroes(Page page) {
  return std::ranges::all_of(page, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace bkp::pg
