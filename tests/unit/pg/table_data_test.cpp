#include "pg/table_data.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "support/archive_recorder.hpp"
#include "support/archive_writer.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::ArchiveShape;
using test::ArchiveWriter;

namespace {

/// An archive of two tables and the position of the second one's block.
struct TwoTables {
  explicit TwoTables(const test::Chunks& chunks, ArchiveShape shape = {})
      : integer_size{shape.integer_size} {
    ArchiveWriter writer{shape};
    writer.add_table("public", "first", {"1\n", "\\.\n\n\n"});
    writer.add_table("public", "second", chunks);
    archive = writer.archive();
    test::ArchiveRecorder recorder;
    pg::ArchiveReader reader{recorder};
    reader.write(test::bytes_of(archive));
    position = recorder.positions.at(1);
  }

  /// The second table's text, read from a file that gives at most `most` bytes at once.
  std::string read(std::size_t most) const {
    pg::TableDataReader reader{
        position, integer_size, [&](std::uint64_t at, std::span<std::byte> space) {
          const auto rest =
              test::bytes_of(archive).subspan(std::min<std::size_t>(at, archive.size()));
          const auto size = std::min({rest.size(), space.size(), most});
          std::copy_n(rest.begin(), size, space.begin());
          return size;
        }};
    std::string text;
    for (auto piece = reader.next(); !piece.empty(); piece = reader.next()) text += piece;
    CHECK(reader.next().empty());
    return text;
  }

  int integer_size;
  std::string archive;
  std::uint64_t position = 0;
};

}  // namespace

TEST_CASE("a table's rows come as they were written, in whatever pieces the file gives") {
  ArchiveShape shape;
  shape.integer_size = GENERATE(4, 8);
  const auto most = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{100'000});
  CHECK(TwoTables{{"1\tone\n", "2\ttwo\n", "\\.\n\n\n"}, shape}.read(most) ==
        "1\tone\n2\ttwo\n\\.\n\n\n");
}

TEST_CASE("a row longer than any buffer, and many short ones") {
  test::Chunks chunks{std::string(1'000'000, 'x') + "\n"};
  for (int i = 0; i < 50'000; ++i) chunks.push_back(std::to_string(i) + "\n");
  std::string expected;
  for (const auto& chunk : chunks) expected += chunk;
  CHECK((TwoTables{chunks}.read(300'000) == expected));
}

TEST_CASE("what is no table's data is damage") {
  TwoTables tables{{"1\tone\n", "\\.\n\n\n"}};
  SECTION("it ends early") {
    for (auto size = tables.archive.size() - 1; size > tables.position; --size) {
      tables.archive.resize(size);
      CHECK(test::error_of<util::Error>([&] { tables.read(3); }).kind() ==
            util::ErrorKind::damaged);
    }
  }
  SECTION("another kind of block") {
    tables.archive[tables.position] = 3;
    CHECK_THROWS_AS(tables.read(100), util::Error);
  }
  SECTION("no integer where a length should be") {
    tables.archive[tables.position + 6] = 7;
    CHECK_THROWS_AS(tables.read(100), util::Error);
  }
}
