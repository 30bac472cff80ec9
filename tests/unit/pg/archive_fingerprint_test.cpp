#include <catch2/catch.hpp>

#include <xxhash.h>

#include "pg/fingerprint.hpp"
#include "stream/sinks.hpp"
#include "support/archive_recorder.hpp"
#include "support/archive_writer.hpp"
#include "util/error.hpp"

using namespace bkp;
using pg::FingerprintSink;
using test::ArchiveShape;
using test::ArchiveWriter;

namespace {

class WatchedSink final : public stream::Sink {
 public:
  void write(std::span<const std::byte> data) override {
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void finish() override { finished = true; }
  void abort() noexcept override { aborted = true; }
  std::string text;
  bool finished = false;
  bool aborted = false;
};

ArchiveWriter studio(ArchiveShape shape = {}) {
  ArchiveWriter writer{shape};
  writer.add_encoding("LATIN1");
  writer.add_table("public", "shots", {"1\tone\n", "2\ttwo\n", "\\.\n\n\n"});
  writer.add_table("pub\"lic", "no columns", {"\n", "\n", "\\.\n\n\n"});
  writer.add_table("public", "empty", {"\\.\n\n\n"});
  writer.add_large_objects({{16385, {"page one", "page two"}}, {4000000000U, {}}});
  return writer;
}

std::string xxh3(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

pg::Fingerprint fingerprint_of(const std::string& archive, std::size_t piece = SIZE_MAX / 2) {
  stream::NullSink end;
  FingerprintSink sink{end};
  test::write_in_pieces(sink, archive, piece);
  sink.finish();
  REQUIRE(sink.fingerprint());
  CHECK_FALSE(sink.unreadable());
  return *sink.fingerprint();
}

std::string unreadable(const std::string& archive) {
  WatchedSink end;
  FingerprintSink sink{end};
  test::write_in_pieces(sink, archive, 100);
  sink.finish();
  CHECK(end.finished);
  CHECK(end.text == archive);
  CHECK_FALSE(sink.fingerprint());
  return sink.unreadable().value_or("");
}

}  // namespace

TEST_CASE("a fingerprint names every table with its rows and their hash") {
  const int minor = GENERATE(12, 13, 14, 15, 16);
  const std::string archive = studio({.minor_version = minor}).archive();
  const pg::Fingerprint taken = fingerprint_of(archive);

  CHECK(taken.header.version.minor_version == minor);
  CHECK(taken.client_encoding == "LATIN1");
  CHECK(taken.archive_bytes == archive.size());
  REQUIRE(taken.tables.size() == 3);

  CHECK(taken.tables[0].schema == "public");
  CHECK(taken.tables[0].table == "shots");
  CHECK(taken.tables[0].copy_statement == "COPY public.shots (a) FROM stdin;\n");
  CHECK(taken.tables[0].rows == 2);
  CHECK(taken.tables[0].bytes == 12);
  pg::RowsHash rows;
  rows.add("2\ttwo");
  rows.add("1\tone");
  CHECK(taken.tables[0].hash == rows.hex());

  CHECK(taken.tables[1].schema == "pub\"lic");
  CHECK(taken.tables[1].rows == 2);
  CHECK(taken.tables[2].rows == 0);
  CHECK(taken.tables[2].hash == pg::RowsHash{}.hex());
}

TEST_CASE("a fingerprint counts large objects and hashes number and content") {
  const pg::Fingerprint taken = fingerprint_of(studio().archive());
  CHECK(taken.large_objects.count == 2);
  CHECK(taken.large_objects.bytes == 16);
  pg::RowsHash objects;
  objects.add("4000000000:" + xxh3(""));
  objects.add("16385:" + xxh3("page onepage two"));
  CHECK(taken.large_objects.hash == objects.hex());
}

TEST_CASE("large objects in several blocks, as PostgreSQL 17 writes them, count as in one") {
  ArchiveWriter writer{{.minor_version = 16}};
  writer.add_encoding("UTF8");
  writer.add_large_objects({{4000000000U, {}}});
  writer.add_large_objects({{16385, {"page onepage two"}}});
  const pg::Fingerprint taken = fingerprint_of(writer.archive());
  CHECK(taken.large_objects.count == 2);
  CHECK(taken.large_objects.hash == fingerprint_of(studio().archive()).large_objects.hash);
}

TEST_CASE("a fingerprint does not depend on how the bytes arrive") {
  const std::string archive = studio().archive();
  const pg::Fingerprint whole = fingerprint_of(archive);
  for (std::size_t piece = 1; piece <= 17; ++piece) {
    CAPTURE(piece);
    const pg::Fingerprint taken = fingerprint_of(archive, piece);
    REQUIRE(taken.tables.size() == whole.tables.size());
    for (std::size_t i = 0; i < whole.tables.size(); ++i) {
      CHECK(taken.tables[i].hash == whole.tables[i].hash);
      CHECK(taken.tables[i].rows == whole.tables[i].rows);
    }
    CHECK(taken.large_objects.hash == whole.large_objects.hash);
  }
}

TEST_CASE("the archive passes unchanged") {
  const std::string archive = studio().archive();
  WatchedSink end;
  FingerprintSink sink{end};
  test::write_in_pieces(sink, archive, 7);
  CHECK_FALSE(end.finished);
  sink.finish();
  CHECK(end.finished);
  CHECK(end.text == archive);
}

TEST_CASE("a damaged archive never finishes the stream") {
  const std::string archive = studio().archive();
  WatchedSink end;
  {
    FingerprintSink sink{end};
    sink.write(test::bytes_of(std::string_view{archive}.substr(0, archive.size() - 1)));
    CHECK_THROWS_AS(sink.finish(), util::Error);
  }
  CHECK_FALSE(end.finished);
  CHECK(end.aborted);
}

TEST_CASE("a table without end marker is no backup") {
  ArchiveWriter writer;
  writer.add_encoding("UTF8");
  writer.add_table("public", "t", {"1\n"});
  stream::NullSink end;
  FingerprintSink sink{end};
  CHECK_THROWS_WITH(sink.write(test::bytes_of(writer.archive())),
                    Catch::Contains("table \"public.t\" ends without its end marker"));
}

TEST_CASE("an encoding that cannot be made out is damage") {
  ArchiveWriter writer;
  writer.add_entry({.description = "ENCODING", .tag = "ENCODING", .definition = "SET x = 'UTF8"});
  stream::NullSink end;
  FingerprintSink sink{end};
  CHECK_THROWS_WITH(sink.write(test::bytes_of(writer.archive())), Catch::Contains("encoding"));
}

TEST_CASE("what cannot be fingerprinted passes, and the reason is told") {
  CHECK_THAT(unreadable(studio({.minor_version = 17}).archive()), Catch::Contains("version 1.17"));
  CHECK_THAT(unreadable(studio({.compression = 6}).archive()), Catch::Contains("compressed"));

  ArchiveWriter inserts;
  const int table =
      inserts.add_entry({.description = "TABLE DATA", .tag = "t", .section = 3, .has_data = true});
  inserts.add_block({.dump_id = table, .chunks = {"INSERT INTO t VALUES ('\n\\.\n');\n"}});
  CHECK_THAT(unreadable(inserts.archive()), Catch::Contains("\"t\" is no COPY text"));

  ArchiveWriter strange;
  const int data =
      strange.add_entry({.description = "DREAM DATA", .tag = "t", .section = 3, .has_data = true});
  strange.add_block({.dump_id = data, .chunks = {"zzz"}});
  CHECK_THAT(unreadable(strange.archive()), Catch::Contains("\"DREAM DATA\""));
}

TEST_CASE("an archive that cannot be fingerprinted must be sound all the same") {
  const std::string archive = studio({.compression = 6}).archive();
  stream::NullSink end;
  FingerprintSink sink{end};
  sink.write(test::bytes_of(std::string_view{archive}.substr(0, archive.size() - 1)));
  CHECK_THROWS_AS(sink.finish(), util::Error);
}
