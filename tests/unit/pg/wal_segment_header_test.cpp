#include "pg/wal_segment_header.hpp"

#include <catch2/catch.hpp>

#include "support/bytes.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

namespace bkp::pg {

namespace {

using Catch::Matchers::Contains;
using test::error_of;
using test::from_hex;
using util::ErrorKind;

/// The first bytes of a segment that initdb of this version wrote, --wal-segsize=1.
struct Written {
  int version;
  std::string name;
  std::string bytes;
};

const Written& of_version_15() {
  static const Written written{15, "000000010000000000000006",
                               "10d10700010000000000600000000000d9000000"
                               "0000000006b93bdb82d9086b0000100000200000"};
  return written;
}

WalSegmentHeader header() {
  return read_wal_segment_header(from_hex(of_version_15().bytes));
}

}  // namespace

TEST_CASE("the header of a segment is read, whichever PostgreSQL wrote it") {
  const auto written = GENERATE(values<Written>({
      {14, "000000010000000000000007",
       "0dd107000100000000007000000000000d000000"
       "000000009eb8518281d9086b0000100000200000"},
      {15, "000000010000000000000006",
       "10d10700010000000000600000000000d9000000"
       "0000000006b93bdb82d9086b0000100000200000"},
      {16, "000000010000000000000005",
       "13d1070001000000000050000000000038000000"
       "000000007a6bba1284d9086b0000100000200000"},
      {17, "000000010000000000000005",
       "16d1070001000000000050000000000040000000"
       "000000000fbcd39685d9086b0000100000200000"},
      {18, "000000010000000000000008",
       "18d10700010000000000800000000000f1070000"
       "000000003aac305686d9086b0000100000200000"},
  }));
  CAPTURE(written.version);
  const auto found = read_wal_segment_header(from_hex(written.bytes));
  CHECK(postgres_version_of(found.magic) == written.version);
  CHECK(found.timeline == 1);
  CHECK(found.segment_size == 1U << 20U);
  CHECK(found.page_size == 8192);
  CHECK_NOTHROW(require_wal_segment(found, written.name, found.system_identifier));
}

TEST_CASE("the numbers are where PostgreSQL has them") {
  const auto found = header();
  // As pg_controldata says of the same cluster.
  CHECK(found.system_identifier == 7712653517919074566ULL);
  CHECK(to_text(found.address) == "0/600000");
}

TEST_CASE("what is no segment is damaged, and it is said why") {
  auto bytes = from_hex(of_version_15().bytes);
  const auto problem = [&] {
    const auto error = error_of([&] { read_wal_segment_header(bytes); });
    CHECK(error.kind() == ErrorKind::damaged);
    return error.message();
  };
  SECTION("too short") {
    bytes.resize(39);
    CHECK_THAT(problem(), Contains("it has 39 bytes"));
  }
  SECTION("empty") {
    bytes.clear();
    CHECK_THAT(problem(), Contains("it has 0 bytes"));
  }
  SECTION("another format") {
    bytes[0] = std::byte{0xFF};
    CHECK_THAT(problem(), Contains("magic number D1FF"));
  }
  SECTION("a page from the middle of a segment") {
    bytes[2] = std::byte{0x05};
    CHECK_THAT(problem(), Contains("does not begin a segment"));
  }
  SECTION("a size of pages that there is not") {
    bytes[37] = std::byte{0};
    CHECK_THAT(problem(), Contains("0 is no size of a page"));
  }
  SECTION("a place where no segment begins") {
    bytes[9] = std::byte{0x20};
    CHECK_THAT(problem(), Contains("no segment begins at 0/602000"));
  }
  SECTION("a size that there is not") {
    bytes[34] = std::byte{0x11};
    CHECK_THAT(problem(), Contains("is no size of a segment"));
  }
}

TEST_CASE("a segment under a name that is not its own is refused") {
  const auto found = header();
  const auto problem = [&](const std::string& name, std::uint64_t cluster) {
    const auto error = error_of([&] { require_wal_segment(found, name, cluster); });
    CHECK(error.kind() == ErrorKind::damaged);
    CHECK_THAT(error.message(), Contains("\"" + name + "\""));
    return error.message();
  };
  const auto cluster = found.system_identifier;
  CHECK_THAT(problem("000000010000000000000006", 1), Contains("of the cluster"));
  CHECK_THAT(problem("000000010000000000000007", cluster),
             Contains("begins at 0/600000, not at 0/700000"));
  CHECK_THAT(problem("00000001.history", cluster), Contains("no such segment"));
  CHECK_THAT(problem("000000010000000000001006", cluster), Contains("no such segment"));
  CHECK_NOTHROW(require_wal_segment(found, "000000010000000000000006.partial", cluster));
  // The timeline changed in it: its first page is still of the one that was left.
  CHECK_NOTHROW(require_wal_segment(found, "000000020000000000000006", cluster));
  auto later = found;
  later.timeline = 3;
  CHECK(error_of([&] { require_wal_segment(later, "000000020000000000000006", cluster); })
            .message()
            .find("it is of timeline 3, not of 2") != std::string::npos);
}

}  // namespace bkp::pg
