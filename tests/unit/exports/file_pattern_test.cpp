#include "exports/file_pattern.hpp"

#include <catch2/catch.hpp>

using namespace bkp::exports;

namespace {

struct Match {
  std::string pattern;
  std::string path;
  bool expected;
};

}  // namespace

TEST_CASE("patterns of files match whole names, ** any number of directories") {
  const auto one = GENERATE(values<Match>({
      {"/srv/hooks/**", "/srv/hooks/a.py", true},
      {"/srv/hooks/**", "/srv/hooks/deep/er/.hidden", true},
      {"/srv/hooks/**", "/srv/other/a.py", false},
      {"/srv/hooks/*.py", "/srv/hooks/a.py", true},
      {"/srv/hooks/*.py", "/srv/hooks/deep/a.py", false},
      {"/srv/**/*.py", "/srv/a.py", true},
      {"/srv/**/*.py", "/srv/x/y/a.py", true},
      {"/srv/**/*.py", "/srv/x/y/a.txt", false},
      {"/srv/*/conf", "/srv/a/conf", true},
      {"/srv/*/conf", "/srv/a/conf/below", true},
      {"/srv/*/conf", "/srv/a/b/conf", false},
      {"/srv/hooks", "/srv/hooks/a.py", true},
      {"/srv/hooks/", "/srv/hooks/deep/a.py", true},
      {"/srv/hook", "/srv/hooks/a.py", false},
      {"/srv/[ab]?.py", "/srv/a1.py", true},
      {"/srv/[ab]?.py", "/srv/c1.py", false},
  }));
  CAPTURE(one.pattern, one.path);
  CHECK(FilePattern{one.pattern}.matches(one.path) == one.expected);
}

TEST_CASE("a pattern is looked for below its last directory that is none") {
  CHECK(FilePattern{"/srv/studio/**/*.py"}.root() == "/srv/studio");
  CHECK(FilePattern{"/srv/*/x"}.root() == "/srv");
  CHECK(FilePattern{"/srv/.env"}.root() == "/srv/.env");
  CHECK(FilePattern{"/srv/.env"}.is_literal());
  CHECK_FALSE(FilePattern{"/srv/?env"}.is_literal());
}

TEST_CASE("excludes are of a name, of an end, or of the whole path") {
  const auto one = GENERATE(values<Match>({
      {"*.pyc", "/srv/a/b.pyc", true},
      {"*.pyc", "/srv/a/b.py", false},
      {"cache", "/srv/a/cache/x/y", true},
      {"srv", "/srv/a/x", false},
      {"a/*.tmp", "/srv/deep/a/x.tmp", true},
      {"a/*.tmp", "/srv/deep/b/x.tmp", false},
      {"tmp/**", "/srv/a/tmp/x", true},
      {"/srv/a/*", "/srv/a/x", true},
      {"/srv/a/*", "/srv/b/x", false},
  }));
  CAPTURE(one.pattern, one.path);
  CHECK(is_excluded(one.path, "/srv", {"nothing", one.pattern}) == one.expected);
}
