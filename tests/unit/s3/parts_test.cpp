#include "s3/parts.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace bkp::s3;

namespace {
constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
}

TEST_CASE("the largest object S3 takes fits its parts") {
  std::uint64_t size = 0;
  for (std::size_t number = 1; number <= most_parts; ++number) {
    const std::uint64_t part = part_size(number);
    CHECK((part >= 5 * mebibyte && part <= 5 * 1024 * mebibyte));
    if (number > 1) CHECK(part >= part_size(number - 1));
    size += part;
  }
  CHECK(size >= 5 * 1024 * 1024 * mebibyte);
}

TEST_CASE("parts up to 200 GiB take no more than 128 MiB of memory") {
  std::uint64_t size = 0;
  std::size_t number = 1;
  for (; size < 200 * 1024 * mebibyte; ++number) {
    size += part_size(number);
    CHECK(part_size(number) * part_buffers(part_size(number), 8) <= 128 * mebibyte);
  }
  CHECK(number < most_parts);
}

TEST_CASE("there is a buffer for each part under way and one to fill, as memory allows") {
  CHECK(part_size(1) == 8 * mebibyte);
  CHECK(part_buffers(8 * mebibyte, 1) == 2);
  CHECK(part_buffers(8 * mebibyte, 4) == 5);
  CHECK(part_buffers(8 * mebibyte, 8) == 9);
  CHECK(part_buffers(8 * mebibyte, 64) == 10);
  CHECK(part_buffers(64 * mebibyte, 64) == 2);
}
