#include "backup/layout.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp;

namespace {
const util::Time night = util::parse_time("2026-11-21T02:00:00Z");
}

TEST_CASE("objects of a backup stand below its label") {
  const backup::Layout layout{"studio"};
  CHECK(layout.manifest("L").text() == "studio/backups/L/manifest.json");
  CHECK(layout.part("L", "dump.pgc.zst").text() == "studio/backups/L/dump.pgc.zst");
  CHECK(layout.site_file().text() == "studio/site.json");
  CHECK(layout.runbook().text() == "studio/runbook/runbook.html");
}

TEST_CASE("a key tells its label") {
  const backup::Layout layout{"studio"};
  CHECK(layout.label_of("studio/backups/L/manifest.json") == "L");
  CHECK(layout.label_of("studio/backups/L/marks/x.json") == "L");
  CHECK(layout.label_of("studio/runbook/runbook.html").empty());
  CHECK(layout.label_of("other/backups/L/manifest.json").empty());
}

TEST_CASE("a plain database name stands in the label as it is") {
  CHECK(backup::make_label(night, "full", "x121") == "20261121T020000Z-full-x121");
}

TEST_CASE("a hostile database name becomes harmless and stays distinct") {
  const auto label = backup::make_label(night, "full", "../../etc\n\"x\"");
  CHECK(label.find_first_not_of("abcdefghijklmnopqrstuvwxyzTZ0123456789_-") == std::string::npos);
  CHECK(label != backup::make_label(night, "full", "../../etc\n'x'"));
  CHECK(backup::make_label(night, "full", "Film") != backup::make_label(night, "full", "film"));
  CHECK_NOTHROW(
      backup::Layout{"studio"}.manifest(backup::make_label(night, "full", std::string(63, 'x'))));
}

TEST_CASE("a label is told from other names") {
  CHECK(backup::is_label("20261121T020000Z-full-x121"));
  CHECK(backup::is_label(
      backup::make_label(util::parse_time("2026-11-21T02:00:00Z"), "full", "Ünïcode name")));
  for (const auto* name : {"", "README", "lost+found", "20261121T020000Z-", "20261121T020000Z",
                           "20261121T020000Z-full-x121.bak", "2026112T0200000Z-full-x",
                           "20261121t020000Z-full-x", "x20261121T020000Z-full-x"}) {
    CAPTURE(name);
    CHECK_FALSE(backup::is_label(name));
  }
}

TEST_CASE("a label tells its time") {
  CHECK(backup::label_time("20261121T020000Z-full-x121") == night);
  CHECK(backup::label_time(backup::make_label(night, "incr")) == night);
  CHECK_THROWS_AS(backup::label_time("lost+found"), util::Error);
}

TEST_CASE("labels sort by time") {
  CHECK(backup::make_label(night, "full", "z") <
        backup::make_label(night + std::chrono::seconds{1}, "full", "a"));
}
