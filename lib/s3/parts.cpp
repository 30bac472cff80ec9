#include "s3/parts.hpp"

#include <algorithm>
#include <array>

namespace bkp::s3 {

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::size_t buffered = 80 * mebibyte;
/// In MiB, one for every thousand parts.
constexpr std::array<std::size_t, 10> sizes{8, 16, 32, 32, 64, 64, 256, 1024, 2048, 2048};

}  // namespace

std::size_t part_size(std::size_t number) {
  constexpr std::size_t step = most_parts / sizes.size();
  return sizes[std::min((number - 1) / step, sizes.size() - 1)] * mebibyte;
}

std::size_t part_buffers(std::size_t part_size, std::size_t parallel) {
  return std::max<std::size_t>(2, std::min(parallel + 1, buffered / part_size));
}

}  // namespace bkp::s3
