#include "store/s3_parts.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace bkp::store;

namespace {
constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
}

TEST_CASE("the largest object S3 takes fits its parts") {
  std::uint64_t size = 0;
  for (std::size_t number = 1; number <= s3_most_parts; ++number) {
    const std::uint64_t part = s3_part_size(number);
    CHECK((part >= 5 * mebibyte && part <= 5 * 1024 * mebibyte));
    if (number > 1) CHECK(part >= s3_part_size(number - 1));
    size += part;
  }
  CHECK(size >= 5 * 1024 * 1024 * mebibyte);
}

TEST_CASE("parts up to 200 GiB take no more than 128 MiB of memory") {
  std::uint64_t size = 0;
  std::size_t number = 1;
  for (; size < 200 * 1024 * mebibyte; ++number) {
    size += s3_part_size(number);
    CHECK(s3_part_size(number) * s3_part_buffers(s3_part_size(number), 8) <= 128 * mebibyte);
  }
  CHECK(number < s3_most_parts);
}

TEST_CASE("there is a buffer for each part under way and one to fill, as memory allows") {
  CHECK(s3_part_size(1) == 8 * mebibyte);
  CHECK(s3_part_buffers(8 * mebibyte, 1) == 2);
  CHECK(s3_part_buffers(8 * mebibyte, 4) == 5);
  CHECK(s3_part_buffers(8 * mebibyte, 8) == 9);
  CHECK(s3_part_buffers(8 * mebibyte, 64) == 10);
  CHECK(s3_part_buffers(64 * mebibyte, 64) == 2);
}
