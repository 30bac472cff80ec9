#include "pg/copy_text.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "support/bytes.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using pg::CopyTextHash;
using pg::RowsHash;
using test::bytes_of;

namespace {

CopyTextHash hash_of(std::string_view text, std::size_t piece = SIZE_MAX / 2) {
  CopyTextHash hash;
  hash.start("public.t");
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string part{text.substr(at, piece)};
    hash.write(bytes_of(part));
  }
  hash.finish();
  return hash;
}

RowsHash rows(const std::vector<std::string>& texts) {
  RowsHash hash;
  for (const std::string& text : texts) hash.add(text);
  return hash;
}

util::Error hash_error(std::string_view text) {
  INFO(text);
  return test::error_of([&] { hash_of(text); });
}

}  // namespace

TEST_CASE("the hash of one row is XXH3-128 of its text") {
  CHECK(rows({""}).hex() == "99aa06d3014798d86001c324468d497f");  // from xxHash's specification
  CHECK(rows({"1\tone"}).hex() == "bf89842f22de3cec1fb2d57aa9a8b56c");
  CHECK(rows({}).hex() == "00000000000000000000000000000000");
}

TEST_CASE("the hash of rows does not depend on their order") {
  std::vector<std::string> texts = {"1\tone", "2\ttwo", "3\tthree", ""};
  const RowsHash forwards = rows(texts);
  std::reverse(texts.begin(), texts.end());
  CHECK(rows(texts) == forwards);
  CHECK(forwards.rows() == 4);
}

TEST_CASE("equal rows do not cancel out") {
  CHECK_FALSE(rows({"a", "a"}).hex() == rows({"b", "b"}).hex());
  CHECK_FALSE(rows({"a", "a"}).hex() == rows({}).hex());
  CHECK_FALSE(rows({"a", "a", "b"}).hex() == rows({"a", "b", "b"}).hex());
}

TEST_CASE("a row moved between columns or split in two is another hash") {
  CHECK_FALSE(rows({"1\t23"}).hex() == rows({"12\t3"}).hex());
  CHECK_FALSE(rows({"ab"}).hex() == rows({"a", "b"}).hex());
}

TEST_CASE("the sum carries from the lower half to the upper") {
  RowsHash carried;
  carried.add_hashed(UINT64_MAX, 0);
  carried.add_hashed(1, 0);
  CHECK(carried.hex() == "00000000000000010000000000000000");
}

TEST_CASE("the end marker and what follows it are no rows") {
  const CopyTextHash hash = hash_of("1\tone\n2\ttwo\n\\.\n\n\n");
  CHECK(hash.rows() == rows({"1\tone", "2\ttwo"}));
  CHECK(hash.bytes() == 12);
}

TEST_CASE("an empty table has no rows, a table without columns has empty ones") {
  CHECK(hash_of("\\.\n\n\n").rows() == rows({}));
  CHECK(hash_of("\n\n\n\\.\n\n\n").rows() == rows({"", "", ""}));
  CHECK(hash_of("\n\n\n\\.\n\n\n").bytes() == 3);
}

TEST_CASE("rows that look a little like the end marker are rows") {
  CHECK(hash_of("\\\\.\n\\.x\n.\n\\N\n\\.\n\n\n").rows() == rows({"\\\\.", "\\.x", ".", "\\N"}));
}

TEST_CASE("rows are the same however they are cut") {
  std::vector<std::string> texts = {"",
                                    "a",
                                    "\\\\.",
                                    std::string(1023, 'b'),
                                    std::string(1024, 'c'),
                                    std::string(1025, 'd'),
                                    std::string(5000, 'e')};
  std::string text;
  for (const std::string& row : texts) text += row + "\n";
  const std::size_t bytes = text.size();
  text += "\\.\n\n\n";
  for (const std::size_t piece : {1, 2, 3, 7, 17, 64, 1000, 1024, 1025, 2048, 4096}) {
    CAPTURE(piece);
    const CopyTextHash hash = hash_of(text, piece);
    CHECK(hash.rows() == rows(texts));
    CHECK(hash.bytes() == bytes);
  }
}

TEST_CASE("one hash serves one table after the other") {
  CopyTextHash hash;
  hash.start("a");
  hash.write(bytes_of("unfinished row"));
  hash.start("b");
  hash.write(bytes_of("x\n\\.\n\n\n"));
  hash.finish();
  CHECK(hash.rows() == rows({"x"}));
}

TEST_CASE("data without end marker or with rows behind it is damaged") {
  const char* missing = GENERATE("", "1\n", "1\n\\.", "1\n\\");
  CHECK_THAT(hash_error(missing).message(), Catch::Contains("\"public.t\" ends without"));
  CHECK(hash_error(missing).kind() == util::ErrorKind::damaged);
  CHECK_THAT(hash_error("1\n\\.\n\n\n2\n").message(), Catch::Contains("rows after its end marker"));
}
