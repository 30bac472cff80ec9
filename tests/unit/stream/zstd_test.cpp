#include "stream/zstd.hpp"

#include <zstd.h>

#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "support/recording_sink.hpp"
#include "util/error.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;
using bkp::util::ErrorKind;

namespace {

std::string compress(std::string_view text, int level = 3, int threads = 1) {
  StringSink result;
  ZstdCompressSink zstd{result, level, threads};
  zstd.write(bytes_of(text));
  zstd.finish();
  return result.text();
}

std::string decompress(std::string_view text, std::size_t piece_size = 100'000) {
  StringSink result;
  ZstdDecompressSink zstd{result};
  for (; !text.empty(); text.remove_prefix(std::min(piece_size, text.size()))) {
    zstd.write(bytes_of(text.substr(0, piece_size)));
  }
  zstd.finish();
  return result.text();
}

void check_damaged(std::string_view text) {
  try {
    decompress(text);
    FAIL_CHECK("the damage went unnoticed");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::damaged);
  }
}

/// Half noise, half repetition, several MB: more than one job of the multi-threaded compressor's.
std::string mixed_text() {
  return noise(1'500'000) + std::string(4'000'000, 'x') + noise(1'500'000, 2);
}

}  // namespace

TEST_CASE("what was compressed comes back, at every kind of level and number of threads") {
  const std::string text = mixed_text();
  const auto [level, threads] = GENERATE(table<int, int>({{1, 1}, {3, 0}, {3, 2}, {9, 2}}));
  CAPTURE(level, threads);
  const std::string packed = compress(text, level, threads);
  CHECK(packed.size() < text.size() * 2 / 3);
  CHECK((decompress(packed) == text));
}

TEST_CASE("pieces of any size give the same data back") {
  const std::string text = noise(3000);
  StringSink packed;
  ZstdCompressSink zstd{packed, 1, 1};
  for (const char& byte : text) zstd.write(bytes_of(std::string_view{&byte, 1}));
  zstd.finish();
  CHECK(decompress(packed.text(), 1) == text);
  CHECK(decompress(packed.text(), 7) == text);
}

TEST_CASE("an empty stream is a frame, too") {
  const std::string packed = compress("");
  CHECK_FALSE(packed.empty());
  CHECK(decompress(packed).empty());
}

TEST_CASE("the result is one standard frame with a checksum") {
  const std::string packed = compress("hello hello hello hello");
  CHECK(ZSTD_findFrameCompressedSize(packed.data(), packed.size()) == packed.size());
  // Frame_Header_Descriptor, RFC 8878 section 3.1.1.1.1: bit 2 is the Content_Checksum_flag.
  CHECK((static_cast<unsigned char>(packed.at(4)) & 4U) != 0);
}

TEST_CASE("a tail that compresses to more than a buffer is given out whole") {
  const std::string bomb = compress(std::string(10'000'000, '\0'));
  CHECK(bomb.size() < 10'000);
  CHECK((decompress(bomb) == std::string(10'000'000, '\0')));
}

TEST_CASE("concatenated frames decompress to concatenated data") {
  const std::string two = compress("first, ") + compress("second");
  CHECK(decompress(two) == "first, second");
  CHECK(decompress(two, 1) == "first, second");
}

TEST_CASE("damage is found") {
  const std::string packed = compress(noise(5000));
  SECTION("nothing at all") {
    check_damaged("");
  }
  SECTION("no zstd") {
    check_damaged("This is a plain text file.");
  }
  SECTION("cut off anywhere") {
    for (std::size_t size = 1; size < packed.size(); size += 97) {
      check_damaged(packed.substr(0, size));
    }
    check_damaged(packed.substr(0, packed.size() - 1));
  }
  SECTION("a changed byte anywhere") {
    // The two bytes behind the magic number may change the frame's kind without changing its data.
    for (std::size_t position = 6; position < packed.size(); position += 97) {
      std::string changed = packed;
      changed[position] = static_cast<char>(changed[position] ^ 0x10);
      check_damaged(changed);
    }
  }
  SECTION("a changed checksum") {
    std::string changed = packed;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    check_damaged(changed);
  }
  SECTION("rubbish behind the frame") {
    check_damaged(packed + "rubbish");
  }
  SECTION("a second frame cut off") {
    check_damaged(packed + packed.substr(0, 100));
  }
}

TEST_CASE("damaged data never finishes the next stage") {
  Recording next;
  RecordingSink sink{next};
  {
    ZstdDecompressSink zstd{sink};
    const std::string packed = compress(noise(5000));
    zstd.write(bytes_of(packed).first(packed.size() - 1));
    CHECK_THROWS_AS(zstd.finish(), Error);
  }
  CHECK(next.finished == 0);
  CHECK(next.aborted == 1);
}

TEST_CASE("levels and threads out of range are refused") {
  NullSink null;
  CHECK_THROWS_AS((ZstdCompressSink{null, 0, 1}), Error);
  CHECK_THROWS_AS((ZstdCompressSink{null, 20, 1}), Error);
  CHECK_THROWS_AS((ZstdCompressSink{null, 3, -1}), Error);
}
