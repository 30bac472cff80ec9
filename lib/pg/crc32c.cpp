#include "pg/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace bkp::pg {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected
constexpr std::size_t word = sizeof(std::uint64_t);

using Table = std::array<std::uint32_t, 256>;

/// tables[k][b]: the remainder of byte b followed by k zero bytes, so that eight bytes are taken at
/// once ("slicing by 8").
constexpr std::array<Table, word> make_tables() {
  std::array<Table, word> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? polynomial : 0);
    tables[0].at(byte) = rest;
  }
  for (std::size_t k = 1; k < word; ++k) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      const auto before = tables.at(k - 1).at(byte);
      tables.at(k).at(byte) = (before >> 8U) ^ tables[0].at(before & 0xFFU);
    }
  }
  return tables;
}

constexpr auto tables = make_tables();

std::uint64_t word_at(const std::byte* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace

std::uint32_t crc32c_update_by_tables(std::uint32_t state, std::span<const std::byte> bytes) {
  for (; bytes.size() >= word; bytes = bytes.subspan(word)) {
    std::uint64_t next = word_at(bytes.data()) ^ state;
    state = 0;
    for (std::size_t k = word; k-- > 0; next >>= 8U) state ^= tables[k][next & 0xFFU];
  }
  for (const auto byte : bytes)
    state = (state >> 8U) ^ tables[0][(state ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  return state;
}

namespace {

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t update_by_instruction(
    std::uint32_t state, std::span<const std::byte> bytes) {
  std::uint64_t wide = state;
  for (; bytes.size() >= word; bytes = bytes.subspan(word))
    wide = _mm_crc32_u64(wide, word_at(bytes.data()));
  state = static_cast<std::uint32_t>(wide);
  for (const auto byte : bytes) state = _mm_crc32_u8(state, std::to_integer<unsigned char>(byte));
  return state;
}
#endif

using Update = std::uint32_t (*)(std::uint32_t, std::span<const std::byte>);

Update best_update() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") != 0) return update_by_instruction;
#endif
  return crc32c_update_by_tables;
}

}  // namespace

std::uint32_t crc32c_update(std::uint32_t state, std::span<const std::byte> bytes) {
  static const Update update = best_update();
  return update(state, bytes);
}

namespace {

/// A linear map of CRCs: what becomes of each bit.
using Matrix = std::array<std::uint32_t, 32>;

std::uint32_t product(const Matrix& matrix, std::uint32_t crc) {
  std::uint32_t result = 0;
  for (std::size_t bit = 0; crc != 0; ++bit, crc >>= 1U) {
    if ((crc & 1U) != 0) result ^= matrix.at(bit);
  }
  return result;
}

Matrix squared(const Matrix& matrix) {
  Matrix result;
  for (std::size_t bit = 0; bit < result.size(); ++bit)
    result.at(bit) = product(matrix, matrix.at(bit));
  return result;
}

/// One byte of zero behind.
Matrix one_zero() {
  Matrix result;
  for (std::size_t bit = 0; bit < result.size(); ++bit) {
    const std::uint32_t crc = std::uint32_t{1} << bit;
    result.at(bit) = (crc >> 8U) ^ tables[0][crc & 0xFFU];
  }
  return result;
}

}  // namespace

Crc32cJoiner::Crc32cJoiner(std::uint64_t second_bytes) {
  for (std::size_t k = 0; k < m_tables.size(); ++k) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) m_tables.at(k).at(byte) = byte << 8U * k;
  }
  // By the binary digits of the length.
  for (auto power = one_zero(); second_bytes != 0; second_bytes >>= 1U, power = squared(power)) {
    if ((second_bytes & 1U) == 0) continue;
    for (auto& table : m_tables) {
      for (auto& entry : table) entry = product(power, entry);
    }
  }
}

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  return crc32c_finish(crc32c_update(crc32c_start, bytes));
}

}  // namespace bkp::pg
