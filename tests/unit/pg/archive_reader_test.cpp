#include "pg/archive_reader.hpp"

#include <catch2/catch.hpp>

#include "support/archive_recorder.hpp"
#include "support/archive_writer.hpp"

using namespace bkp;
using test::ArchiveRecorder;
using test::ArchiveShape;
using test::ArchiveWriter;

namespace {

ArchiveWriter studio_archive(ArchiveShape shape) {
  ArchiveWriter writer{shape};
  writer.add_encoding("UTF8");
  writer.add_entry({.description = "TABLE",
                    .tag = "a\nb",
                    .schema = "pub\"lic",
                    .definition = "CREATE TABLE …;\n",
                    .dependencies = {1, 4096}});
  writer.add_table("public", "shots", {"1\tone\n", "2\tt", "wo\n", "\\.\n\n\n"});
  writer.add_large_objects({{16385, {"page one", "page two"}}, {4000000000U, {}}});
  writer.add_table("public", "empty", {"\\.\n\n\n"});
  return writer;
}

const std::vector<std::string> k_studio_events = {"TABLE DATA public.shots",
                                                  "end shots: 1\tone\n2\ttwo\n\\.\n\n\n",
                                                  "BLOBS .BLOBS",
                                                  "16385: page onepage two",
                                                  "4000000000: ",
                                                  "end BLOBS: ",
                                                  "TABLE DATA public.empty",
                                                  "end empty: \\.\n\n\n"};

ArchiveRecorder read(const std::string& archive, std::size_t piece = SIZE_MAX / 2) {
  ArchiveRecorder recorder;
  pg::ArchiveReader reader{recorder};
  test::write_in_pieces(reader, archive, piece);
  reader.finish();
  CHECK_FALSE(reader.unreadable());
  return recorder;
}

}  // namespace

TEST_CASE("every known archive version is read, whatever the width of its numbers") {
  ArchiveShape shape;
  shape.minor_version = GENERATE(12, 13, 14, 15, 16);
  shape.integer_size = GENERATE(4, 8);
  shape.offset_size = GENERATE(4, 8, 12);
  shape.known_offsets = GENERATE(false, true);
  CAPTURE(shape.minor_version, shape.integer_size, shape.offset_size, shape.known_offsets);

  const ArchiveRecorder seen = read(studio_archive(shape).archive());

  CHECK(seen.header.version == pg::ArchiveVersion{1, shape.minor_version, 0});
  CHECK(seen.header.integer_size == shape.integer_size);
  CHECK(seen.header.offset_size == shape.offset_size);
  CHECK(seen.header.compression == 0);
  CHECK(seen.header.database == "x121");
  CHECK(seen.header.server_version == "15.18 (Debian)");
  CHECK(seen.header.dump_version == "15.19");
  CHECK(seen.events == k_studio_events);
}

TEST_CASE("an entry of the table of contents arrives whole") {
  const std::string archive = studio_archive({}).archive();
  const ArchiveRecorder seen = read(archive);

  REQUIRE(seen.entries.size() == 5);
  const pg::ArchiveEntry& table = seen.entries[1];
  CHECK(table.dump_id == 2);
  CHECK_FALSE(table.has_data);
  CHECK(table.tag == "a\nb");
  CHECK(table.description == "TABLE");
  CHECK(table.section == 2);
  CHECK(table.schema == "pub\"lic");
  CHECK(table.owner == "postgres");
  CHECK(table.definition == "CREATE TABLE …;\n");
  CHECK(table.copy_statement.empty());
  CHECK(table.dependencies == std::vector<int>{1, 4096});
  CHECK(archive[table.offset_position] == 3);

  const pg::ArchiveEntry& data = seen.entries[2];
  CHECK(data.has_data);
  CHECK(data.section == 3);
  CHECK(data.copy_statement == "COPY public.shots (a) FROM stdin;\n");
  CHECK(archive[data.offset_position] == 1);
}

TEST_CASE("the position of a data block is that of its type byte") {
  const std::string archive = studio_archive({}).archive();
  const ArchiveRecorder seen = read(archive);
  REQUIRE(seen.positions.size() == 3);
  CHECK(seen.positions[0] == studio_archive({}).contents().size());
  CHECK(archive[seen.positions[1]] == 3);
  CHECK(archive[seen.positions[2]] == 1);
}

TEST_CASE("the size of the pieces makes no difference") {
  const std::string archive = studio_archive({.known_offsets = true}).archive();
  const ArchiveRecorder whole = read(archive);
  for (std::size_t size = 1; size <= 17; ++size) {
    CAPTURE(size);
    const ArchiveRecorder pieces = read(archive, size);
    CHECK(pieces.events == whole.events);
    CHECK(pieces.positions == whole.positions);
    CHECK(pieces.entries.size() == whole.entries.size());
    CHECK(pieces.entries.back().definition == whole.entries.back().definition);
  }
}

TEST_CASE("an empty table of contents is an archive of nothing") {
  CHECK(read(ArchiveWriter{}.archive()).entries.empty());
}

TEST_CASE("the structure of compressed archives is read, their data handed on as stored") {
  const ArchiveShape shape = GENERATE(ArchiveShape{.minor_version = 14, .compression = -1},
                                      ArchiveShape{.minor_version = 15, .compression = 3});
  const ArchiveRecorder seen = read(studio_archive(shape).archive());
  CHECK(seen.header.compression == shape.compression);
  CHECK(seen.events == k_studio_events);
}

TEST_CASE("an archive of unknown version or format passes unparsed") {
  const ArchiveShape shape =
      GENERATE(ArchiveShape{.minor_version = 17}, ArchiveShape{.minor_version = 11},
               ArchiveShape{.major_version = 2, .minor_version = 14}, ArchiveShape{.format = 3});
  ArchiveRecorder recorder;
  pg::ArchiveReader reader{recorder};
  const std::string archive = studio_archive(shape).archive();
  test::write_in_pieces(reader, archive.substr(0, archive.size() / 2), 3);
  reader.finish();
  REQUIRE(reader.unreadable());
  CHECK_THAT(*reader.unreadable(), Catch::Contains("not "));
  CHECK(recorder.events.empty());
  CHECK(recorder.entries.empty());
}
