#include <fcntl.h>

#include <catch2/catch.hpp>

#include "pg/seekable_archive.hpp"
#include "support/archive_recorder.hpp"
#include "support/archive_writer.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"

using namespace bkp;
using test::ArchiveShape;
using test::ArchiveWriter;

namespace {

std::string archive_of(ArchiveShape shape) {
  ArchiveWriter writer{shape};
  writer.add_encoding("UTF8");
  writer.add_entry({.description = "TABLE", .tag = "t", .schema = "public"});
  writer.add_table("public", "t", {"1\n", "\\.\n\n\n"});
  writer.add_large_objects({{16385, {"page"}}});
  writer.add_table("public", "u", {std::string(100'000, 'x') + "\n", "\\.\n\n\n"});
  return writer.archive();
}

struct Stored {
  std::string text;
  std::size_t entries;
};

Stored store(const std::string& archive) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "archive";
  const util::Fd file{::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
  REQUIRE(file);
  pg::SeekableArchiveSink sink{file.get(), path};
  test::write_in_pieces(sink, archive, 1000);
  sink.finish();
  return {test::read_text(path), sink.entries().size()};
}

}  // namespace

TEST_CASE("an archive from a pipe becomes what pg_dump writes into a file") {
  ArchiveShape shape;
  shape.minor_version = GENERATE(12, 14, 16);
  shape.offset_size = GENERATE(4, 8, 12);
  const std::string piped = archive_of(shape);
  shape.known_offsets = true;
  const std::string filed = archive_of(shape);
  REQUIRE(piped != filed);

  const Stored stored = store(piped);
  CHECK(stored.text == filed);
  CHECK(stored.entries == 5);
  CHECK(store(filed).text == filed);
}

TEST_CASE("an offset too narrow for a position stays unknown") {
  const std::string stored = store(archive_of({.offset_size = 2})).text;
  test::ArchiveRecorder recorder;
  pg::ArchiveReader reader{recorder};
  reader.write(test::bytes_of(stored));
  reader.finish();
  CHECK(stored[recorder.entries[2].offset_position] == 2);
  CHECK(stored[recorder.entries[4].offset_position] == 2);

  const std::string narrow = store(archive_of({.offset_size = 1})).text;
  CHECK(narrow == archive_of({.offset_size = 1}));
}

TEST_CASE("an archive of unknown version is stored as it is") {
  const std::string archive = archive_of({.minor_version = 17});
  const Stored stored = store(archive);
  CHECK(stored.text == archive);
  CHECK(stored.entries == 0);
}

TEST_CASE("a file that cannot be written is an error of the store, named") {
  const util::Fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  REQUIRE(full);
  pg::SeekableArchiveSink sink{full.get(), "the scratch file"};
  const auto error = test::error_of([&] { sink.write(test::bytes_of(archive_of({}))); });
  CHECK(error.kind() == util::ErrorKind::store);
  CHECK_THAT(error.message(), Catch::Contains("the scratch file"));
}
