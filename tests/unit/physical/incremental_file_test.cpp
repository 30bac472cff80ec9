#include "physical/incremental_file.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace bkp::physical;

namespace {

std::vector<std::byte> page_of(int value) {
  return std::vector<std::byte>(pg::page_size, static_cast<std::byte>(value));
}

std::vector<std::byte> file_with(const IncrementalHeader& header) {
  auto file = to_bytes(header);
  for (const auto block : header.blocks) {
    const auto page = page_of(static_cast<int>(block));
    file.insert(file.end(), page.begin(), page.end());
  }
  return file;
}

struct Read {
  std::uint32_t pages = 0;
  std::vector<std::uint32_t> blocks;
  bool as_written = true;
};

Read read(std::span<const std::byte> file, std::size_t piece) {
  Read result;
  IncrementalReader reader{
      "base/5/INCREMENTAL.1", [&](const IncrementalHeader& header) { result.pages = header.pages; },
      [&](std::uint32_t block, pg::Page page) {
        result.blocks.push_back(block);
        const auto expected = page_of(static_cast<int>(block));
        result.as_written = result.as_written && std::ranges::equal(page, expected);
      }};
  for (; !file.empty(); file = file.subspan(std::min(piece, file.size())))
    reader.write(file.first(std::min(piece, file.size())));
  reader.finish();
  return result;
}

}  // namespace

TEST_CASE("names stand beside the file's place") {
  CHECK(incremental_path("base/5/1259.1") == "base/5/INCREMENTAL.1259.1");
  CHECK(incremental_path("PG_VERSION") == "INCREMENTAL.PG_VERSION");
  CHECK(path_of_incremental("base/5/INCREMENTAL.1259.1") == "base/5/1259.1");
  CHECK_FALSE(path_of_incremental("base/5/1259.1"));
  CHECK_FALSE(path_of_incremental("INCREMENTAL.d/1259"));
}

TEST_CASE("the header is PostgreSQL's: three numbers, the blocks, zeroes up to the next page") {
  const auto bytes = to_bytes({9, {1, 8}});
  CHECK(bytes.size() == pg::page_size);
  const std::array<unsigned char, 20> begin{0x0D, 0x1F, 0xAE, 0xD3, 2, 0, 0, 0, 9, 0,
                                            0,    0,    1,    0,    0, 0, 8, 0, 0, 0};
  for (std::size_t i = 0; i < begin.size(); ++i)
    CHECK(std::to_integer<unsigned char>(bytes[i]) == begin[i]);
  CHECK(std::all_of(bytes.begin() + 20, bytes.end(), [](auto b) { return b == std::byte{0}; }));
  // Without pages there is no padding.
  CHECK(to_bytes({9, {}}).size() == 12);
  CHECK(bytes_of({9, {1, 8}}) == 3 * pg::page_size);
  CHECK(bytes_of({9, {}}) == 12);
}

TEST_CASE("a file comes back whatever the pieces are") {
  std::vector<std::uint32_t> many(3000);
  for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = 2 * i;
  for (const IncrementalHeader& header :
       {IncrementalHeader{9, {1, 8}}, IncrementalHeader{0, {}}, IncrementalHeader{7, {}},
        IncrementalHeader{6000, many}}) {
    const auto file = file_with(header);
    CHECK(file.size() == bytes_of(header));
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{8192}, file.size()}) {
      const auto result = read(file, piece);
      CHECK(result.pages == header.pages);
      CHECK(result.blocks == header.blocks);
      CHECK(result.as_written);
    }
  }
}

TEST_CASE("what is no such file is damaged") {
  const auto sound = file_with({9, {1, 8}});
  const auto damaged = [](std::vector<std::byte> file) {
    return test::error_of([&] { read(file, file.size()); }).kind() == util::ErrorKind::damaged;
  };
  for (const std::size_t size : {std::size_t{4}, std::size_t{30}, sound.size() - 1})
    CHECK(damaged({sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size)}));
  auto longer = sound;
  longer.resize(longer.size() + pg::page_size);
  CHECK(damaged(longer));
  for (const std::size_t at : {0, 7, 11, 12, 16}) {
    auto changed = sound;
    changed[at] ^= std::byte{0x10};
    CAPTURE(at);
    CHECK(damaged(changed));
  }
}
