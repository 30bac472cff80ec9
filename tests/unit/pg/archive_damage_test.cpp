// What is no sound archive must be recognised as such: it will be trusted with a database.
#include <malloc.h>

#include <limits>

#include <catch2/catch.hpp>

#include "pg/archive_contents.hpp"
#include "pg/archive_reader.hpp"
#include "support/archive_recorder.hpp"
#include "support/archive_writer.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::ArchiveWriter;
using util::Error;
using util::ErrorKind;

namespace {

enum class Verdict { sound, damaged, unreadable };

struct Judgement {
  Verdict verdict;
  std::string message;
};

Judgement judge(std::string_view archive, std::size_t piece = SIZE_MAX / 2) {
  test::ArchiveRecorder recorder;
  pg::ArchiveReader reader{recorder};
  try {
    test::write_in_pieces(reader, archive, piece);
    reader.finish();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::damaged);
    CHECK_FALSE(error.hint().empty());
    return {Verdict::damaged, error.message()};
  }
  return {reader.unreadable() ? Verdict::unreadable : Verdict::sound, {}};
}

ArchiveWriter small_archive(test::ArchiveShape shape = {}) {
  ArchiveWriter writer{shape};
  writer.add_encoding("UTF8");
  writer.add_table("public", "t", {"1\n", "\\.\n\n\n"});
  writer.add_large_objects({{16385, {"page"}}});
  return writer;
}

std::size_t heap_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void require_damaged(const std::string& archive, const std::string& part_of_message) {
  const Judgement judgement = judge(archive);
  INFO(judgement.message);
  REQUIRE(judgement.verdict == Verdict::damaged);
  CHECK_THAT(judgement.message, Catch::Contains(part_of_message));
}

}  // namespace

TEST_CASE("an archive cut off at any byte is damaged") {
  const int minor = GENERATE(12, 14, 15, 16);
  const std::string archive = small_archive({.minor_version = minor}).archive();
  REQUIRE(judge(archive).verdict == Verdict::sound);
  for (std::size_t length = 0; length < archive.size(); ++length) {
    CAPTURE(minor, length);
    CHECK(judge(archive.substr(0, length)).verdict == Verdict::damaged);
  }
}

TEST_CASE("where an archive ends early is said") {
  const ArchiveWriter writer = small_archive();
  const std::string archive = writer.archive();
  require_damaged(archive.substr(0, 3), "within the header");
  require_damaged(archive.substr(0, writer.contents().size() - 1),
                  "within entry 3 of 3 of the table of contents");
  require_damaged(writer.contents(), "without the data of TABLE DATA \"public.t\" (dump id 2)");
  require_damaged(writer.contents() + archive[writer.contents().size()],
                  "within the head of a data block");
  require_damaged(archive.substr(0, archive.size() - 1), "within the data of BLOBS");
}

TEST_CASE("bytes after the last block are damage") {
  require_damaged(small_archive().archive() + '\0', "unknown type 0");
}

TEST_CASE("a flipped bit neither crashes the reader nor makes it allocate") {
  const std::string archive = small_archive({.known_offsets = true}).archive();
  for (std::size_t at = 0; at < archive.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = archive;
      flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ 1U << bit);
      const std::size_t before = heap_in_use();
      test::ArchiveRecorder recorder;
      pg::ArchiveReader reader{recorder};
      try {
        reader.write(test::bytes_of(flipped));
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::damaged);
      }
      CHECK(heap_in_use() < before + 100'000);
    }
  }
}

TEST_CASE("a flipped bit in the structure of the data is noticed") {
  const ArchiveWriter writer = small_archive();
  const std::string archive = writer.archive();
  const std::string rows = "1\n";
  for (std::size_t at = writer.contents().size(); at < archive.size(); ++at) {
    // The content of chunks and the number of a large object are not structure.
    const bool content = archive.compare(at, 2, rows) == 0 || archive[at] == '\n' ||
                         std::string_view{"\\.page"}.find(archive[at]) != std::string_view::npos;
    const std::string oid = writer.integer(16385);
    const std::size_t oid_at = archive.find(oid, writer.contents().size());
    if (content || (at >= oid_at && at < oid_at + oid.size())) continue;
    for (unsigned bit = 0; bit < 8; ++bit) {
      CAPTURE(at, bit);
      std::string flipped = archive;
      flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ 1U << bit);
      CHECK(judge(flipped).verdict == Verdict::damaged);
    }
  }
}

TEST_CASE("an absurd length is refused, and a large one allocates no more than arrives") {
  ArchiveWriter writer;
  const std::string header =
      writer.header() + writer.integer(1) + writer.integer(1) + writer.integer(0);
  require_damaged(header + writer.integer(std::numeric_limits<std::int32_t>::max()),
                  "a text of 2147483647 bytes");
  require_damaged(header + writer.integer(-2), "a text of -2 bytes");

  for (const std::size_t piece : {1, 64, 4096}) {
    const std::size_t before = heap_in_use();
    test::ArchiveRecorder recorder;
    pg::ArchiveReader reader{recorder};
    test::write_in_pieces(reader, header + writer.integer(1 << 29) + std::string(1000, 'x'), piece);
    CHECK(heap_in_use() < before + 100'000);
  }

  require_damaged(small_archive().contents() + '\1' + writer.integer(2) +
                      writer.integer(std::numeric_limits<std::int32_t>::max()),
                  "2147483647 bytes of data in one piece");
  require_damaged(writer.header() + writer.integer(-1), "a negative number of entries");
  require_damaged(writer.header() + writer.integer(std::numeric_limits<std::int32_t>::max()),
                  "within entry 1 of 2147483647");
}

TEST_CASE("what contradicts the table of contents is damage") {
  ArchiveWriter writer;
  writer.add_encoding("UTF8");
  const int table = writer.add_table("public", "t", {"\\.\n\n\n"});

  SECTION("data of an entry that is not there") {
    writer.add_block({.type = 1, .dump_id = 99, .chunks = {"\\.\n\n\n"}});
    require_damaged(writer.archive(), "dump id 99, which has none");
  }
  SECTION("data of an entry that has none") {
    writer.add_block({.type = 1, .dump_id = 1, .chunks = {"\\.\n\n\n"}});
    require_damaged(writer.archive(), "dump id 1, which has none");
  }
  SECTION("data twice") {
    writer.add_block({.type = 1, .dump_id = table, .chunks = {"\\.\n\n\n"}});
    require_damaged(writer.archive(), "a second data block of TABLE DATA \"public.t\"");
  }
  SECTION("large objects in the name of a table") {
    const int other =
        writer.add_entry({.description = "TABLE DATA", .tag = "u", .section = 3, .has_data = true});
    writer.add_block({.type = 3, .dump_id = other, .large_objects = {}});
    require_damaged(writer.archive(), "type 3 for TABLE DATA \"u\"");
  }
  SECTION("a block of a type nobody knows") {
    writer.add_block({.type = 2, .dump_id = table, .chunks = {}});
    require_damaged(writer.archive(), "unknown type 2");
  }
  SECTION("a dump id given twice") {
    writer.add_entry({.dump_id = table, .description = "VIEW", .tag = "v"});
    require_damaged(writer.archive(), "dump id 2 is given twice");
  }
  SECTION("an offset that belongs to no data") {
    writer.add_entry({.description = "VIEW", .tag = "v", .offset_flag = 2});
    require_damaged(writer.archive(), "offset flag 2 of an entry without data");
  }
}

TEST_CASE("data that stands elsewhere than its entry says is damage") {
  const std::string archive = small_archive({.known_offsets = true}).archive();
  test::ArchiveRecorder recorder;
  pg::ArchiveReader{recorder}.write(test::bytes_of(archive));
  std::string moved = archive;
  moved[recorder.entries[1].offset_position + 1]++;
  require_damaged(moved, "as the table of contents says");
}

TEST_CASE("nonsense in the table of contents is damage") {
  const ArchiveWriter writer;
  const auto entry = [&](int section, const std::string& oid, const std::string& with_oids,
                         const std::string& dependency) {
    return writer.header() + writer.integer(1) + writer.integer(1) + writer.integer(0) +
           writer.text(oid) + writer.text("16384") + writer.text("t") + writer.text("TABLE") +
           writer.integer(section) + writer.text("") + writer.text("") + writer.text("") +
           writer.text("public") + writer.text("") + writer.text("") + writer.text("postgres") +
           writer.text(with_oids) + writer.text(dependency) + writer.text(std::nullopt) + '\3' +
           std::string(8, '\0');
  };
  REQUIRE(judge(entry(2, "1259", "false", "3")).verdict == Verdict::sound);
  require_damaged(entry(5, "1259", "false", "3"), "section 5");
  require_damaged(entry(2, "12x9", "false", "3"), "not an OID");
  require_damaged(entry(2, "4294967296", "false", "3"), "not an OID");
  require_damaged(entry(2, "1259", "maybe", "3"), "OIDs");
  require_damaged(entry(2, "1259", "false", "3x"), "no dump id");
  require_damaged(entry(2, "1259", std::string{"fal\0e", 5}, "3"), "zero byte");
}

TEST_CASE("other streams are no archives") {
  require_damaged("--\n-- PostgreSQL database dump\n--\n", "does not begin like an archive");
  require_damaged("", "within the header");
}

TEST_CASE("a table of contents that would fill the memory is damaged, before it has") {
  ArchiveWriter long_texts;
  long_texts.add_entry({.description = "TABLE", .definition = std::string(100'000, 'x')});
  ArchiveWriter many_entries;
  for (int i = 0; i < 500; ++i) many_entries.add_entry({.description = "TABLE"});
  for (const auto& archive : {long_texts.contents(), many_entries.contents()}) {
    const auto parse = [&](std::size_t limit) {
      pg::ArchiveContents contents{limit};
      pg::ArchiveInput input;
      input.feed(test::bytes_of(archive));
      return contents.parse(input);
    };
    CHECK(parse(std::size_t{1} << 20U));
    CHECK_THROWS_WITH(parse(std::size_t{90} << 10U), Catch::Contains("more than 90.0 KiB"));
  }
}
