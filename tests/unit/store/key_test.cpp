#include "store/key.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using bkp::store::Key;
using bkp::store::parts_of;
using bkp::util::Error;
using bkp::util::ErrorKind;

TEST_CASE("ordinary keys are taken as they are") {
  for (const std::string text :
       {"a", "studio/backups/20261121T020000Z-full-x121/dump.pgc.zst", "-rf", "a b/c\"d'e",
        ".hidden", "...", "a..b", "ünï/日本", ".bkp", "x.bkp-1", "~", "%2e%2e/%00"}) {
    CAPTURE(text);
    CHECK(Key{text}.text() == text);
    CHECK(Key::is_valid(text));
  }
}

TEST_CASE("a key that breaks a rule is refused, with the rule") {
  const auto [text, rule] = GENERATE(table<std::string, std::string>({
      {"", "is empty"},
      {"/a", "has an empty part"},
      {"a/", "has an empty part"},
      {"a//b", "has an empty part"},
      {"/", "has an empty part"},
      {".", "has \".\" or \"..\" as a part"},
      {"..", "has \".\" or \"..\" as a part"},
      {"a/../b", "has \".\" or \"..\" as a part"},
      {"a/.", "has \".\" or \"..\" as a part"},
      {"a\nb", "has a control character"},
      {std::string{"a\0b", 3}, "has a control character"},
      {"a\x7f", "has a control character"},
      {"a\u0085", "has a control character"},
      {"a\\b", "has a backslash"},
      {"caf\xe9", "is not valid UTF-8"},
      {std::string(1025, 'a'), "is longer than 1024 bytes"},
      {"a/" + std::string(256, 'b'), "has a part of more than 255 bytes"},
      {".bkp-0123", "has a part that starts with \".bkp-\""},
      {"a/.bkp-0123/b", "has a part that starts with \".bkp-\""},
  }));
  CAPTURE(text);
  CHECK_FALSE(Key::is_valid(text));
  try {
    const Key key{text};
    FAIL_CHECK("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::store);
    CHECK(error.message().find(rule) != std::string::npos);
    CHECK(error.message().find('\n') == std::string::npos);
    CHECK(error.message().size() < 900);
  }
}

TEST_CASE("keys of the greatest length are taken") {
  std::string text(255, 'a');
  for (int part = 0; part < 3; ++part) text += "/" + std::string(255, 'b');
  CHECK(text.size() == 1023);
  CHECK(Key::is_valid(text));
  CHECK(Key::is_valid(std::string(255, 'c')));
}

TEST_CASE("keys are put together and taken apart by parts") {
  const Key key = Key{"studio"} / "backups" / "a";
  CHECK(key.text() == "studio/backups/a");
  CHECK(key.name() == "a");
  CHECK(Key{"alone"}.name() == "alone");
  CHECK((Key{"a"} / "b/c").text() == "a/b/c");
  CHECK_THROWS_AS(key / "..", Error);
  CHECK_THROWS_AS(key / "", Error);
  CHECK(Key{"a"} < Key{"b"});
  CHECK(Key{"a"} == Key{"a"});
}

TEST_CASE("the parts of a path stand between its slashes") {
  using Parts = std::vector<std::string_view>;
  CHECK(parts_of("a/b/c") == Parts{"a", "b", "c"});
  CHECK(parts_of("a") == Parts{"a"});
  CHECK(parts_of("/a//b/") == Parts{"", "a", "", "b", ""});
  CHECK(parts_of("") == Parts{""});
}
