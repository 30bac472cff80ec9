#include "bench/support/random_data.hpp"

#include <algorithm>
#include <fstream>
#include <span>
#include <stdexcept>

#include "util/rng.hpp"

namespace bkp::bench {

namespace {

/// As much as is made at once.
constexpr std::uint64_t piece_size = std::uint64_t{1} << 20U;

}  // namespace

std::vector<std::byte> random_data(std::uint64_t bytes) {
  std::vector<std::byte> data(bytes);
  for (std::uint64_t at = 0; at < bytes; at += piece_size)
    util::random_bytes(std::span{data}.subspan(at, std::min(piece_size, bytes - at)));
  return data;
}

void write_random_file(const std::filesystem::path& file, std::uint64_t bytes) {
  std::ofstream out{file, std::ios::binary};
  for (std::uint64_t at = 0; at < bytes; at += piece_size) {
    const auto piece = random_data(std::min(piece_size, bytes - at));
    out.write(reinterpret_cast<const char*>(piece.data()),
              static_cast<std::streamsize>(piece.size()));
  }
  if (!out.flush()) throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace bkp::bench
