#include "pg/wal_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <random>
#include <sstream>

#include "support/bytes.hpp"
#include "support/cluster.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using pg::Lsn;
using pg::WalReader;
using pg::WalRecord;
using test::Cluster;
namespace fs = std::filesystem;

namespace {

/// A record as both readers name it.
struct Seen {
  std::string lsn;
  std::string prev;
  std::size_t length;
  std::uint32_t transaction;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << seen.lsn << " prev " << seen.prev << " length " << seen.length << " tx "
             << seen.transaction;
}

/// A cluster with segments of 1 MiB and a history: records larger than a segment, switches, a
/// crash.
struct Workload {
  Cluster cluster{
      {.settings = {{"wal_keep_size", "1GB"}}, .initdb_arguments = {"--wal-segsize=1"}}};
  std::vector<fs::path> segments;

  Workload() {
    cluster.psql("postgres",
                 "create table t (id int generated always as identity, body text);"
                 "create index on t (body);"
                 "insert into t (body) select md5(i::text) from generate_series(1, 20000) i;"
                 "select pg_switch_wal();"
                 "select pg_logical_emit_message(true, 'large', repeat('x', 3000000));"
                 "update t set body = body || 'x' where id % 7 = 0;"
                 "select pg_switch_wal()");
    cluster.kill();
    cluster.start();
    cluster.psql("postgres", "delete from t where id % 3 = 0; vacuum t; checkpoint");
    cluster.stop();
    for (const auto& entry : fs::directory_iterator{cluster.data_directory() / "pg_wal"})
      if (pg::parse_wal_name(entry.path().filename().string(), 1U << 20U))
        segments.push_back(entry.path());
    std::ranges::sort(segments);
  }

  std::string bytes() const {
    std::string all;
    for (const auto& segment : segments) all += test::read_text(segment);
    return all;
  }

  /// What pg_waldump shows from the first segment on.
  std::vector<Seen> dumped() const {
    const auto outcome =
        test::Program{{(cluster.bin_directory() / "pg_waldump").string(), segments.front().string(),
                       segments.back().filename().string()}}
            .run();
    std::vector<Seen> records;
    std::istringstream lines{outcome.out};
    for (std::string line; std::getline(lines, line);) {
      const auto number_behind = [&](const std::string& mark) {
        return line.substr(line.find(mark) + mark.size());
      };
      const auto lengths = number_behind("len (rec/tot):");
      const auto lsn = number_behind("lsn: ");
      const auto prev = number_behind("prev ");
      const auto plain = [](const std::string& text) {
        return pg::to_text(pg::parse_lsn(text.substr(0, text.find(','))).value());
      };
      records.push_back({plain(lsn), plain(prev), std::stoul(lengths.substr(lengths.find('/') + 1)),
                         static_cast<std::uint32_t>(std::stoul(number_behind("tx:")))});
    }
    return records;
  }
};

struct Read {
  std::vector<Seen> records;
  Lsn end;
  bool at_end = false;
  bool in_order = true;
};

Read read(const std::string& wal, std::size_t piece = std::size_t{1} << 20U) {
  const auto bytes = test::bytes_of(wal);
  const std::span<const std::byte> all{bytes};
  Read result;
  WalReader reader{pg::read_wal_segment_header(all), [&](const WalRecord& record) {
                     result.records.push_back({pg::to_text(record.start), pg::to_text(record.prev),
                                               record.data.size() + 24, record.transaction});
                     result.in_order = result.in_order && record.start < record.end;
                   }};
  for (std::size_t at = 0; at < all.size(); at += piece)
    reader.write(all.subspan(at, std::min(piece, all.size() - at)));
  result.end = reader.end();
  result.at_end = reader.at_end();
  return result;
}

}  // namespace

TEST_CASE("the WAL of a real server is read as pg_waldump reads it") {
  const Workload workload;
  const auto expected = workload.dumped();
  REQUIRE(expected.size() > 20000);
  const auto wal = workload.bytes();
  const auto found = read(wal);
  CHECK(found.at_end);
  CHECK(found.in_order);
  CHECK(found.end > pg::parse_lsn(found.records.back().lsn));
  REQUIRE(found.records.size() == expected.size());
  const auto [mine, theirs] = std::ranges::mismatch(found.records, expected);
  if (mine != found.records.end()) FAIL(*mine << " is not " << *theirs);
  CHECK(std::ranges::any_of(found.records,
                            [](const auto& record) { return record.length > 3000000; }));

  // Whatever the pieces.
  CHECK(read(wal, 1000).records == found.records);

  // From the middle on the rest is the same.
  const auto later = read(wal.substr(std::size_t{3} << 20U));
  REQUIRE_FALSE(later.records.empty());
  CHECK(std::equal(later.records.rbegin(), later.records.rend(), found.records.rbegin()));

  // Bits that flip in records are found, where they are. (Behind the end of all records, in what is
  // left of a segment after a switch and in what pads records to eight bytes nothing is stored.)
  std::mt19937 random{7};  // NOLINT: the same damage each time
  const auto begin = pg::read_wal_segment_header(test::bytes_of(wal)).address.value;
  int undetected = 0;
  constexpr int flips = 60;
  for (int i = 0; i < flips; ++i) {
    auto damaged = wal;
    const auto& record = found.records[random() % found.records.size()];
    const auto start = pg::parse_lsn(record.lsn)->value - begin;
    // Within its first page at least the header is its own.
    const auto place = start + random() % 20;
    if (place / 8192 != start / 8192) continue;
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << (random() % 8)));
    try {
      const auto read_again = read(damaged);
      if (read_again.records == found.records) ++undetected;
      if (read_again.records.size() == found.records.size()) ++undetected;
    } catch (const util::Error& error) {
      CHECK(error.kind() == util::ErrorKind::damaged);
      CHECK_FALSE(error.hint().empty());
    }
  }
  CHECK(undetected == 0);
}

TEST_CASE("segments that do not follow one another are no WAL") {
  const Workload workload;
  const auto wal = workload.bytes();
  constexpr std::size_t size = std::size_t{1} << 20U;
  const auto problem = [](const std::string& text) {
    const auto error = test::error_of([&] { read(text); });
    CHECK(error.kind() == util::ErrorKind::damaged);
    return error.message();
  };
  using Catch::Matchers::Contains;
  SECTION("one is missing") {
    CHECK_THAT(problem(wal.substr(0, size) + wal.substr(2 * size)),
               Contains("there is the page of"));
  }
  SECTION("one of another cluster") {
    auto mixed = wal;
    mixed[size + 24] = static_cast<char>(mixed[size + 24] ^ 1);
    CHECK_THAT(problem(mixed), Contains("of another cluster"));
  }
  SECTION("a page of another one") {
    auto mixed = wal;
    mixed.replace(size + 8192, 8192, wal.substr(size + 2 * 8192, 8192));
    CHECK_THAT(problem(mixed), Contains("there is the page of"));
  }
  SECTION("the oldest comes again: it is what a recycled segment looks like, an end") {
    const auto found = read(wal.substr(0, size) + wal.substr(0, size));
    CHECK(found.at_end);
  }
}
