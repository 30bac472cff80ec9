#include "verify/checksum.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

pg::Fingerprint fingerprint() {
  pg::Fingerprint made;
  made.archive_bytes = 100;
  made.tables = {{"public", "t", "COPY public.t (a) FROM stdin;", 3, 9, "aa"}};
  made.large_objects = {1, 4, "bb"};
  return made;
}

backup::Manifest manifest() {
  backup::Manifest made;
  made.started_at = util::parse_time("2026-11-21T02:00:00Z");
  made.completed_at = util::parse_time("2026-11-21T02:01:00Z");
  backup::Part dump;
  dump.name = "dump.pgc.zst";
  dump.role = "dump";
  dump.original_bytes = 100;
  made.parts = {dump};
  made.fingerprint = fingerprint();
  return made;
}

int failures(const backup::Manifest& manifest) {
  int count = 0;
  for (const auto& check : verify::check_manifest(manifest)) {
    if (check.outcome == verify::Outcome::failed) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("equal fingerprints do not differ; every difference is named") {
  const auto expected = fingerprint();
  CHECK(verify::compare_fingerprints(expected, fingerprint()).empty());
  auto found = fingerprint();
  SECTION("length") {
    found.archive_bytes = 99;
    CHECK_THAT(verify::compare_fingerprints(expected, found), Contains("99 bytes"));
  }
  SECTION("number of tables") {
    found.tables.clear();
    CHECK_THAT(verify::compare_fingerprints(expected, found), Contains("0 tables"));
  }
  SECTION("rows") {
    found.tables[0].rows = 4;
    CHECK_THAT(verify::compare_fingerprints(expected, found), Contains("public.t"));
  }
  SECTION("hash") {
    found.tables[0].hash = "ab";
    CHECK_THAT(verify::compare_fingerprints(expected, found), Contains("public.t"));
  }
  SECTION("columns") {
    found.tables[0].copy_statement = "COPY public.t (b) FROM stdin;";
    CHECK_THAT(verify::compare_fingerprints(expected, found), Contains("public.t"));
  }
  SECTION("large objects") {
    found.large_objects.hash = "bc";
    CHECK_THAT(verify::compare_fingerprints(expected, found), Contains("large objects"));
  }
}

TEST_CASE("a manifest must agree with itself") {
  CHECK(failures(manifest()) == 0);
  auto bad = manifest();
  SECTION("no dump") {
    bad.parts[0].role = "globals";
    CHECK(failures(bad) == 1);
  }
  SECTION("a part twice") {
    bad.parts.push_back(bad.parts[0]);
    CHECK(failures(bad) == 1);
  }
  SECTION("times") {
    bad.completed_at = bad.started_at - std::chrono::seconds{1};
    CHECK(failures(bad) == 1);
  }
  SECTION("the fingerprint of another dump") {
    bad.fingerprint->archive_bytes = 101;
    CHECK(failures(bad) == 1);
  }
}
