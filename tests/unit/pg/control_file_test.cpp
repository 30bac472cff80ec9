#include "pg/control_file.hpp"

#include <catch2/catch.hpp>

#include "pg/crc32c.hpp"
#include "support/bytes.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

namespace bkp::pg {

namespace {

using Catch::Matchers::Contains;
using test::bytes_of;
using test::error_of;
using test::from_hex;
using util::ErrorKind;

/// The first 296 bytes of the pg_control that initdb of this version wrote, --wal-segsize=1; of 18
/// with checksums, its default.
struct Written {
  int version;
  std::string bytes;
};

std::vector<Written> all_written() {
  return {
      {14,
       "9eb8518281d9086b140500002de90b0c010000000000000082d9086b0000000060fe7e0000000000"
       "60fe7e000000000001000000010000000100000000000000dd020000000000008035000001000000"
       "00000000d60200000100000001000000010000000000000082d9086b000000000000000000000000"
       "0000000000000000e803000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000010000000000000064000000080000000a0000000000000040000000"
       "00000000080000000000000087d63241002000000000020000200000000010004000000020000000"
       "cc07000000080000010000000000000017d34c4502d40fccc1e997e77bd7083a9d83584981898aa8"
       "6db99308726f6fc7fd7efe6000000000"},
      {15,
       "06b93bdb82d9086b1405000025770d0c010000000000000083d9086b000000006807600000000000"
       "680760000000000001000000010000000100000000000000d4020000000000000435000001000000"
       "00000000cc0200000100000001000000010000000000000083d9086b000000000000000000000000"
       "0000000000000000e803000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000010000000000000064000000080000000a0000000000000040000000"
       "00000000080000000000000087d63241002000000000020000200000000010004000000020000000"
       "cc070000000800000100000000000000293cd213d749a5039b807ef6409841d527120fa81a7fbbfe"
       "5d013e543f7c169483de8db100000000"},
      {16,
       "7a6bba1284d9086b14050000fff50e0c010000000000000085d9086b0000000058de5d0000000000"
       "58de5d000000000001000000010000000100000000000000da02000000000000b434000001000000"
       "00000000d20200000100000001000000010000000000000085d9086b000000000000000000000000"
       "0000000000000000e803000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000010000000000000064000000080000000a0000000000000040000000"
       "00000000080000000000000087d63241002000000000020000200000000010004000000020000000"
       "cc07000000080000010000000000000079b49fa10bda578bec0a466d431775812972f7a38ec5758e"
       "02d6e8c92b1f6ea99548527500000000"},
      {17,
       "0fbcd39685d9086ba40600008979100c010000000000000086d9086b00000000308a5d0000000000"
       "308a5d000000000001000000010000000100000001000000e202000000000000b934000001000000"
       "00000000da0200000100000001000000010000000000000086d9086b000000000000000000000000"
       "0000000000000000e803000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000010000000000000064000000080000000a0000000000000040000000"
       "00000000080000000000000087d63241002000000000020000200000000010004000000020000000"
       "cc0700000008000001000000000000006c99b5b1223b0a2a6d553678da8ac1b6dd2061751ee7d765"
       "927de9b02deda1a07ab247c000000000"},
      {18,
       "3aac305686d9086b080700003300120c010000000000000087d9086b0000000000b3840000000000"
       "00b384000000000001000000010000000100000001000000f002000000000000c334000001000000"
       "00000000e80200000100000001000000010000000000000087d9086b000000000000000000000000"
       "0000000000000000e803000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000010000000000000064000000080000000a0000000000000040000000"
       "00000000080000000000000087d63241002000000000020000200000000010004000000020000000"
       "cc0700000008000001000000010000000132abcae040bb6afd17ca621ec704eafb80340a8dc73160"
       "ec07bbe4251abffc860000003087c229"},
  };
}

std::vector<std::byte> of_version_15() {
  return from_hex(all_written().at(1).bytes);
}

}  // namespace

// RFC 3720, appendix B.4.
TEST_CASE("CRC-32C of the published vectors") {
  const auto crc_of = [](const std::string& text) { return crc32c(bytes_of(text)); };
  CHECK(crc_of(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc_of(std::string(32, '\xff')) == 0x62A8AB43);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  CHECK(crc_of(rising) == 0x46DD794E);
  CHECK(crc_of({rising.rbegin(), rising.rend()}) == 0x113FDB5C);
  CHECK(crc_of("123456789") == 0xE3069283);
  CHECK(crc_of("") == 0);
}

TEST_CASE("CRC-32C is the same in pieces, and without the processor's help") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7 + i / 256);
  const auto bytes = bytes_of(text);
  const auto whole = crc32c(bytes);
  for (const std::size_t cut : {0U, 1U, 7U, 8U, 9U, 500U, 999U, 1000U}) {
    CAPTURE(cut);
    const std::span<const std::byte> all{bytes};
    const auto first = crc32c_update(crc32c_start, all.first(cut));
    CHECK(crc32c_finish(crc32c_update(first, all.subspan(cut))) == whole);
    CHECK(Crc32cJoiner{all.size() - cut}.join(crc32c(all.first(cut)), crc32c(all.subspan(cut))) ==
          whole);
    const auto slow = crc32c_update_by_tables(crc32c_start, all.first(cut));
    CHECK(crc32c_finish(crc32c_update_by_tables(slow, all.subspan(cut))) == whole);
  }
}

TEST_CASE("pg_control is read, whichever PostgreSQL wrote it") {
  for (const auto& written : all_written()) {
    CAPTURE(written.version);
    const auto file = parse_control_file(from_hex(written.bytes));
    CHECK(file.version ==
          (written.version < 17 ? 1300U : static_cast<unsigned>(written.version) * 100));
    CHECK(file.state == ClusterState::shut_down);
    CHECK(file.timeline == 1);
    CHECK(file.checkpoint == file.redo);
    CHECK(file.page_size == 8192);
    CHECK(file.segment_pages == 131072);
    CHECK(file.wal_segment_size == 1U << 20U);
    CHECK(file.data_checksum_version == (written.version == 18 ? 1 : 0));
  }
}

TEST_CASE("the numbers are those that pg_controldata shows") {
  const auto file = parse_control_file(of_version_15());
  CHECK(file.system_identifier == 7712653517919074566U);
  CHECK(file.catalog_version == 202209061);
  CHECK(to_text(file.checkpoint) == "0/600768");
}

TEST_CASE("a pg_control that is not whole is damaged, and it is said why") {
  const auto problem = [](const std::vector<std::byte>& bytes) {
    const auto error = error_of([&] { parse_control_file(bytes); });
    CHECK(error.kind() == ErrorKind::damaged);
    CHECK_FALSE(error.hint().empty());
    return error.message();
  };
  const auto good = of_version_15();
  for (const std::size_t size : {0U, 11U, 12U, 291U}) {
    CAPTURE(size);
    CHECK_THAT(problem({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}),
               Contains("too short"));
  }
  for (const std::size_t place : {0U, 16U, 100U, 287U, 288U}) {
    auto bytes = good;
    bytes[place] ^= std::byte{1};
    CAPTURE(place);
    CHECK_THAT(problem(bytes), Contains("checksum does not match"));
  }
  auto other = good;
  other[8] = std::byte{1};
  CHECK_THAT(problem(other), Contains("its version is"));
}

TEST_CASE("pg_control is found in a data directory, and missed elsewhere") {
  const test::TemporaryDirectory data;
  const auto error = error_of([&] { read_control_file(data.path()); });
  CHECK(error.kind() == ErrorKind::config);
  CHECK_THAT(error.message(), Contains("global/pg_control"));
  std::filesystem::create_directories(data / "global");
  const auto bytes = of_version_15();
  std::string text(8192, '\0');
  std::transform(bytes.begin(), bytes.end(), text.begin(),
                 [](std::byte byte) { return static_cast<char>(byte); });
  test::write_text(data / "global/pg_control", text);
  CHECK(read_control_file(data.path()).system_identifier == 7712653517919074566U);
  text[40] ^= 1;
  test::write_text(data / "global/pg_control", text);
  CHECK(error_of([&] { read_control_file(data.path()); }).kind() == ErrorKind::damaged);
}

}  // namespace bkp::pg
