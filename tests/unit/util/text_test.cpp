#include "util/text.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>

using namespace bkp::util;

TEST_CASE("printable leaves ordinary text alone and escapes what harms a terminal") {
  CHECK(printable("Segment 7, ünï 日本 😀 \\ \"x\"") == "Segment 7, ünï 日本 😀 \\ \"x\"");
  CHECK(printable("a\nb\tc\x1b[31m\x7f") == "a\\x0ab\\x09c\\x1b[31m\\x7f");
  CHECK(printable(std::string_view{"nul\0!", 5}) == "nul\\x00!");
  CHECK(printable("c1 \u0085") == "c1 \\xc2\\x85");
  CHECK(printable("file\u202Egpj.exe") == "file\\xe2\\x80\\xaegpj.exe");
  CHECK(printable("\u2066x\u2069\u2028") == "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9\\xe2\\x80\\xa8");
  CHECK(printable("").empty());
}

TEST_CASE("printable escapes every byte of invalid UTF-8 and goes on behind it") {
  CHECK(printable("caf\xe9!") == "caf\\xe9!");
  CHECK(printable("\xc3") == "\\xc3");
  CHECK(printable("\xe2\x82z") == "\\xe2\\x82z");
}

TEST_CASE("quoted names stand between double quotes, whatever the kind of string") {
  const std::string constant = "a\nb";
  std::string variable = "studio";
  CHECK(quoted(constant) == "\"a\\x0ab\"");
  CHECK(quoted(variable) == "\"studio\"");
  CHECK(quoted("literal") == "\"literal\"");
  CHECK(quoted(std::string_view{"view"}) == "\"view\"");
}

TEST_CASE("shell_quoted quotes only where a shell would stumble") {
  CHECK(shell_quoted("/var/lib/x-1.tar,a=b") == "/var/lib/x-1.tar,a=b");
  CHECK(shell_quoted("a b") == "'a b'");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
  CHECK(shell_quoted("$(reboot)") == "'$(reboot)'");
  CHECK(shell_quoted("~root") == "'~root'");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("a\nb") == "$'a\\x0ab'");
  CHECK(shell_quoted("it's\\\x1b[31m ü\xff") == "$'it\\'s\\\\\\x1b[31m ü\\xff'");
}

TEST_CASE("nearest finds the misspelt word, and none where nothing is near") {
  const std::array<std::string, 4> words{"retention", "recover", "stores", "site"};
  CHECK(nearest("retantion", words) == "retention");
  CHECK(nearest("sotres", words) == "stores");
  CHECK(nearest("store", words) == "stores");
  CHECK(nearest("sit", words) == "site");
  CHECK(nearest("compression", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest("site", {}).empty());
}

TEST_CASE("nearest does not call two words near that share no letter") {
  const std::array<std::string, 1> words{"ab"};
  CHECK(nearest("xy", words).empty());
  CHECK(nearest("ax", words) == "ab");
}

TEST_CASE("patterns are those of fnmatch") {
  CHECK(matches_pattern("scratch_7", "scratch_*"));
  CHECK_FALSE(matches_pattern("my_scratch_7", "scratch_*"));
  CHECK(matches_pattern("anything at all", "*"));
  CHECK(matches_pattern("db1", "db[0-3]"));
  CHECK_FALSE(matches_pattern("db4", "db[0-3]"));
  CHECK(matches_pattern("a*b", "a\\*b"));
  CHECK_FALSE(matches_pattern("axb", "a\\*b"));
}

TEST_CASE("a pattern that is a name has nothing of a pattern in it") {
  CHECK(is_literal_pattern("a"));
  CHECK(is_literal_pattern("ä b]"));
  for (const auto* pattern : {"a*", "a?", "a[b]", "a\\_b"}) {
    CAPTURE(pattern);
    CHECK_FALSE(is_literal_pattern(pattern));
  }
}

TEST_CASE("lower changes the letters of ASCII only") {
  CHECK(lower("@AZ[`az{ Content-MD5") == "@az[`az{ content-md5");
  CHECK(lower("\xc3\x84\xdc I") == "\xc3\x84\xdc i");
  CHECK(lower("").empty());
}

TEST_CASE("to_hex writes two lower-case digits a byte, from_hex reads them") {
  const std::array bytes{std::byte{0}, std::byte{0xAF}, std::byte{0x10}};
  CHECK(to_hex(bytes) == "00af10");
  CHECK(to_hex({}).empty());
  CHECK(from_hex("00af10") == std::string("\x00\xaf\x10", 3));
  CHECK(from_hex("").empty());
}

TEST_CASE("split_lines drops the ends of lines and a last empty line") {
  using Lines = std::vector<std::string_view>;
  CHECK(split_lines("") == Lines{});
  CHECK(split_lines("one") == Lines{"one"});
  CHECK(split_lines("one\ntwo\r\n\nfour\n") == Lines{"one", "two", "", "four"});
  CHECK(split_lines("\n") == Lines{""});
  CHECK(split_lines("no end\r") == Lines{"no end\r"});
}

TEST_CASE("UTF-8 is judged as RFC 3629 does") {
  CHECK(is_valid_utf8(""));
  CHECK(is_valid_utf8("aé日😀\U0010FFFF"));
  CHECK_FALSE(is_valid_utf8("\x80"));
  CHECK_FALSE(is_valid_utf8("\xc0\xaf"));          // overlong '/'
  CHECK_FALSE(is_valid_utf8("\xe0\x80\xaf"));      // overlong '/'
  CHECK_FALSE(is_valid_utf8("\xed\xa0\x80"));      // surrogate
  CHECK_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  CHECK_FALSE(is_valid_utf8("\xf8\x88\x80\x80\x80"));
  CHECK_FALSE(is_valid_utf8("ab\xe2\x82"));  // cut off
}

TEST_CASE("of several lines each is made printable, and stays one") {
  CHECK(printable_lines("one\ntwo\x1b\r\n") == "one\ntwo\\x1b");
  CHECK(printable_lines("a\nb\nc", "  ") == "a\n  b\n  c");
  CHECK(printable_lines("").empty());
}
