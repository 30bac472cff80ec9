#include "pg/wal_name.hpp"

#include <catch2/catch.hpp>

namespace bkp::pg {

namespace {

constexpr WalSegmentSize mib = 1U << 20U;

}  // namespace

TEST_CASE("an LSN is read and written as PostgreSQL does") {
  CHECK(parse_lsn("16/B374D848") == Lsn{0x16B374D848});
  CHECK(parse_lsn("0/0") == Lsn{0});
  CHECK(parse_lsn("ffffffff/ffffffff") == Lsn{UINT64_MAX});
  CHECK(to_text(Lsn{0x16B374D848}) == "16/B374D848");
  CHECK(to_text(Lsn{0x100000028}) == "1/28");
  CHECK(to_text({}) == "0/0");
  const std::string bad = GENERATE(as<std::string>{}, "", "/", "1", "1/", "/1", "1/2/3", "1 /2",
                                   "-1/2", "+1/2", "0x1/2", "1/123456789", "123456789/1", "1/g");
  CAPTURE(bad);
  CHECK_FALSE(parse_lsn(bad));
}

TEST_CASE("segments are sizes that initdb makes") {
  CHECK(is_wal_segment_size(mib));
  CHECK(is_wal_segment_size(16 * mib));
  CHECK(is_wal_segment_size(1024 * mib));
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{mib} / 2,
                                    std::uint64_t{mib} * 3, std::uint64_t{mib} * 2048}) {
    CAPTURE(bytes);
    CHECK_FALSE(is_wal_segment_size(bytes));
  }
}

TEST_CASE("the name of a segment says where it is") {
  struct Named {
    std::string name;
    std::uint32_t timeline;
    std::uint64_t number;
    WalSegmentSize size;
    Lsn start;
  };
  const auto named = GENERATE(values<Named>({
      {"000000010000000000000001", 1, 1, 16 * mib, {0x1000000}},
      {"000000010000000A000000FF", 1, 0xAFF, 16 * mib, {0xAFF000000}},
      {"0000000B0000001600000B37", 0xB, 0x16B37, mib, {0x16B3700000}},
      {"00000001000000010000000B", 1, 27, 256 * mib, {0x1B0000000}},
      {"FFFFFFFFFFFFFFFF00000003", UINT32_MAX, 0x3FFFFFFFF, 1024 * mib, {0xFFFFFFFFC0000000}},
  }));
  CAPTURE(named.name);
  const auto file = parse_wal_name(named.name, named.size);
  REQUIRE(file);
  CHECK(*file == WalFile{WalFileKind::segment, named.timeline, named.number, 0});
  const WalSegment segment{named.timeline, named.number};
  CHECK(wal_segment_name(segment, named.size) == named.name);
  CHECK(wal_segment_start(segment, named.size) == named.start);
  CHECK(wal_segment_at(named.timeline, named.start, named.size) == segment);
  CHECK(wal_segment_at(named.timeline, {named.start.value + named.size - 1}, named.size) ==
        segment);
}

TEST_CASE("the other files of an archive are told by their names") {
  CHECK(parse_wal_name("0000000B.history", mib) == WalFile{WalFileKind::history, 11, 0, 0});
  CHECK(wal_history_name(11) == "0000000B.history");
  CHECK(parse_wal_name("000000010000000A000000FF.partial", 16 * mib) ==
        WalFile{WalFileKind::partial, 1, 0xAFF, 0});
  CHECK(parse_wal_name("000000010000000A000000FF.00000028.backup", 16 * mib) ==
        WalFile{WalFileKind::backup, 1, 0xAFF, 0x28});
}

TEST_CASE("what is no name of an archived file is taken for none") {
  const std::string name = GENERATE(
      as<std::string>{}, "", "0000000", "00000001", "00000001.histor", "00000001.history2",
      "00000000.history", "0000000b.history", "00000001000000000000001",
      "0000000100000000000000011", "00000001000000000000000g", "00000001000000000000000a",
      "000000000000000000000001", "000000010000000000000100", "000000010000000000000001.part",
      "000000010000000000000001.partial.gz", "000000010000000000000001.00000028",
      "000000010000000000000001.00000028.backup2", "000000010000000000000001.01000000.backup",
      "000000010000000000000001.0000028.backup", "000000010000000000000001x00000028.backup",
      "archive_status", "../00000001.history", "000000010000000000000001\n");
  CAPTURE(name);
  CHECK_FALSE(parse_wal_name(name, 16 * mib));
}

}  // namespace bkp::pg
