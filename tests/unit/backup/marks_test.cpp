#include "backup/marks.hpp"

#include <catch2/catch.hpp>

#include "backup/site_file.hpp"
#include "example_manifest.hpp"
#include "store/memory_store.hpp"
#include "support/error_of.hpp"

using namespace bkp;
using Catch::Matchers::Contains;
using test::error_of;

namespace {

void hold(store::Store& store, const std::string& backup) {
  backup::write_mark(store, example_layout, backup, "held",
                     util::parse_time("2026-11-21T02:30:00Z"),
                     {{"until", nullptr}, {"reason", "audit"}});
}

}  // namespace

TEST_CASE("a broken mark is reported by its name, and the others count") {
  const auto* const text = GENERATE(
      R"({"kind": "verified", "at": "x"})", R"({"kind": "intact", "at": 7})",
      R"({"kind": "held", "until": "x", "reason": "audit"})", R"({"kind": "held"})", "[]", "{", "");
  CAPTURE(text);
  store::MemoryStore store;
  hold(store, example_label);
  store::put_text(store, example_layout.marks(example_label) / "20261121T030000Z-x.json", text);
  const auto state = backup::read_marks(store, example_layout, example_label);
  REQUIRE(state.unreadable.size() == 1);
  CHECK_THAT(state.unreadable[0], Contains("20261121T030000Z-x.json"));
  CHECK(state.hold_reason == "audit");
}

TEST_CASE("a mark that was changed, or lies beside another backup, says nothing") {
  store::MemoryStore store;
  hold(store, example_label);
  const store::Key mark{store.list(example_layout.marks(example_label)).at(0).key};
  auto text = store::get_text(store, mark).value();
  auto place = mark;
  SECTION("another reason") {
    text.replace(text.find("audit"), 5, "Audit");
  }
  SECTION("something appended") {
    text += " ";
  }
  SECTION("another backup") {
    place = example_layout.marks("20261122T020000Z-full-x121") / mark.name();
  }
  SECTION("another time") {
    place = example_layout.marks(example_label) / ("2" + std::string{mark.name()});
  }
  store.remove(mark);
  store::put_text(store, place, text);
  const auto state =
      backup::read_marks(store, example_layout, example_layout.label_of(place.text()));
  CHECK(state.unreadable.size() == 1);
  CHECK_FALSE(state.held_until);
  CHECK(state.hold_doubtful);
}

TEST_CASE("a sound mark settles what a broken one before it may have said of a hold") {
  const auto kind = GENERATE(std::string{"held"}, std::string{"released"});
  store::MemoryStore store;
  store::put_text(store,
                  example_layout.marks(example_label) / "20261121T030000.000000Z-held-0.json", "{");
  const auto write = [&](const std::string& what, const char* time) {
    backup::write_mark(store, example_layout, example_label, what, util::parse_time(time),
                       {{"until", nullptr}, {"reason", "audit"}});
    return backup::read_marks(store, example_layout, example_label);
  };
  CHECK(write(kind, "2026-11-21T02:00:00Z").hold_doubtful);
  CHECK(write("verified", "2026-11-21T04:00:00Z").hold_doubtful);
  const auto settled = write(kind, "2026-11-21T05:00:00Z");
  CHECK_FALSE(settled.hold_doubtful);
  CHECK(settled.held_until.has_value() == (kind == "held"));
  CHECK(settled.unreadable.size() == 1);
}

TEST_CASE("a broken site file is damage") {
  const auto* const text = GENERATE(
      R"({"site": "studio", "system_identifier": "1", "created_at": "x"})", R"({"site": 1})", "{");
  CAPTURE(text);
  store::MemoryStore store;
  store::put_text(store, example_layout.site_file(), text);
  const auto error = error_of([&] { backup::read_site_file(store, example_layout); });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK_THAT(error.message(), Contains("site.json"));
}

TEST_CASE("of marks made within a second the newest counts, too") {
  using namespace std::chrono_literals;
  const auto now = util::parse_time("2026-11-21T03:00:00Z");
  const nlohmann::json hold{{"until", nullptr}, {"reason", "audit"}};
  store::MemoryStore store;
  backup::write_mark(store, example_layout, example_label, "released", now + 250ms,
                     nlohmann::json::object());
  backup::write_mark(store, example_layout, example_label, "held", now + 250ms + 1us, hold);
  CHECK(backup::read_marks(store, example_layout, example_label).held_until == catalog::forever);
  backup::write_mark(store, example_layout, example_label, "released", now + 1s,
                     nlohmann::json::object());
  CHECK_FALSE(backup::read_marks(store, example_layout, example_label).held_until);
  backup::write_mark(store, example_layout, example_label, "verified", now + 1s + 5us,
                     {{"level", "restore"}});
  CHECK(backup::read_marks(store, example_layout, example_label).verified_at == now + 1s + 5us);
}
