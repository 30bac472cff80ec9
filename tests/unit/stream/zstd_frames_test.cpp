#include "stream/zstd_frames.hpp"

#include <zstd.h>

#include <algorithm>
#include <optional>

#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "stream/zstd.hpp"
#include "support/recording_sink.hpp"
#include "util/error.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;

namespace {

constexpr std::size_t frame_bytes = 2U << 20U;

std::string compress(std::string_view text, int threads, std::size_t piece_size = 100'000,
                     int level = 1, std::optional<ZstdFastSearch> search = {}) {
  StringSink result;
  ZstdFramesSink zstd{result, level, threads, search};
  for (; !text.empty(); text.remove_prefix(std::min(piece_size, text.size())))
    zstd.write(bytes_of(text.substr(0, piece_size)));
  zstd.finish();
  return result.text();
}

std::string decompress(std::string_view text) {
  StringSink result;
  ZstdDecompressSink zstd{result};
  zstd.write(bytes_of(text));
  zstd.finish();
  return result.text();
}

/// What each frame says its content is long; all must have a checksum.
std::vector<std::size_t> contents(std::string_view packed) {
  std::vector<std::size_t> sizes;
  while (!packed.empty()) {
    const auto size = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
    REQUIRE(ZSTD_isError(size) == 0);
    sizes.push_back(ZSTD_getFrameContentSize(packed.data(), packed.size()));
    // Frame_Header_Descriptor, RFC 8878 section 3.1.1.1.1: bit 2 is the Content_Checksum_flag.
    CHECK((static_cast<unsigned char>(packed.at(4)) & 4U) != 0);
    packed.remove_prefix(size);
  }
  return sizes;
}

/// No two of its frames are alike.
std::string_view text_of(std::size_t bytes) {
  static const auto text = [] {
    std::string made;
    while (made.size() < 10 * frame_bytes)
      made += std::to_string(made.size()) + " and what else there is\n";
    return made;
  }();
  return std::string_view{text}.substr(0, bytes);
}

}  // namespace

TEST_CASE("what was compressed in frames comes back in order, with any number of threads") {
  const auto bytes = GENERATE(as<std::size_t>{}, 1, frame_bytes - 1, frame_bytes, frame_bytes + 1,
                              9 * frame_bytes + 12345);
  CAPTURE(bytes);
  const auto text = text_of(bytes);
  const auto packed = compress(text, 1);
  CHECK((decompress(packed) == text));
  auto expected = std::vector<std::size_t>(bytes / frame_bytes, frame_bytes);
  if (bytes % frame_bytes != 0) expected.push_back(bytes % frame_bytes);
  CHECK(contents(packed) == expected);
  for (const int threads : {2, 3, 16}) {
    CAPTURE(threads);
    CHECK((compress(text, threads) == packed));
  }
  CHECK((compress(text, 2, 3 * frame_bytes) == packed));
}

TEST_CASE("an empty stream is one frame of nothing") {
  const auto packed = compress("", GENERATE(1, 2));
  CHECK(contents(packed) == std::vector<std::size_t>{0});
  CHECK(decompress(packed).empty());
}

TEST_CASE("what does not compress, and another search, come back too") {
  const auto text = noise(5'000'000) + std::string(3'000'000, 'x');
  CHECK((decompress(compress(text, 2, 100'000, 3, ZstdFastSearch{5, 15})) == text));
  CHECK((decompress(compress(text, 2, 100'000, 9)) == text));
}

TEST_CASE("a next stage that fails while others compress ends it") {
  Recording next;
  next.on_write = throwing("disk full");
  RecordingSink sink{next};
  {
    ZstdFramesSink zstd{sink, 1, 2};
    CHECK_THROWS_WITH(zstd.write(bytes_of(text_of(9 * frame_bytes))), "disk full");
  }
  CHECK(next.aborted == 1);
}

TEST_CASE("one that is given up while others compress ends at once, and nothing is final") {
  Recording next;
  RecordingSink sink{next};
  { ZstdFramesSink{sink, 1, 3}.write(bytes_of(text_of(9 * frame_bytes))); }
  CHECK(next.aborted == 1);
  CHECK(next.finished == 0);
}

TEST_CASE("levels and threads of frames that are out of range are refused") {
  NullSink null;
  CHECK_THROWS_AS((ZstdFramesSink{null, 0, 1}), Error);
  CHECK_THROWS_AS((ZstdFramesSink{null, 20, 1}), Error);
  CHECK_THROWS_AS((ZstdFramesSink{null, 3, 0}), Error);
  CHECK_THROWS_AS((ZstdFramesSink{null, 3, 1, ZstdFastSearch{5, 100}}), Error);
}
