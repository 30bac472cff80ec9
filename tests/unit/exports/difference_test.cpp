#include "exports/difference.hpp"

#include <catch2/catch.hpp>

#include "exports/rows.hpp"
#include "exports/text_diff.hpp"

using namespace bkp::exports;
using Catch::Matchers::Contains;

namespace {

RowSet table(std::vector<Row> rows, std::vector<std::string> key = {"id"}) {
  RowSet set;
  set.database = "x121";
  set.columns = {{"id", "integer", "id", false}, {"name", "text", "name", false}};
  set.key = std::move(key);
  set.rows = std::move(rows);
  return set;
}

Contents contents_of(const RowSet& rows, bkp::config::SecretMode secret = {}) {
  Contents contents;
  contents.sections.push_back(
      {.name = "roles",
       .kind = SectionKind::sql,
       .secret = secret,
       .entries = {
           {.path = "roles/rows.json", .type = EntryType::rows, .contents = to_text(rows)}}});
  return contents;
}

}  // namespace

TEST_CASE("rows are compared by their key") {
  const auto before = table({{"1", "a"}, {"2", "b"}, {"3", std::nullopt}});
  const auto after = table({{"3", ""}, {"1", "a"}, {"4", "d"}});
  CHECK(compare_rows(before, after) ==
        std::vector<RowChange>{{Change::changed, {"3", std::nullopt}, {"3", ""}, {1}},
                               {Change::added, {}, {"4", "d"}, {}},
                               {Change::removed, {"2", "b"}, {}, {}}});
  CHECK(compare_rows(after, after).empty());
}

TEST_CASE("rows without a key are the same or others, as often as they are there") {
  const auto before = table({{"1", "a"}, {"1", "a"}, {"2", "b"}}, {});
  const auto after = table({{"1", "a"}, {"2", "c"}}, {});
  CHECK(compare_rows(before, after) ==
        std::vector<RowChange>{{Change::added, {}, {"2", "c"}, {}},
                               {Change::removed, {"1", "a"}, {}, {}},
                               {Change::removed, {"2", "b"}, {}, {}}});
}

TEST_CASE("a column that is new is null before, and one in another place is the same") {
  auto before = table({{"a", "1"}});
  std::swap(before.columns[0], before.columns[1]);
  CHECK(compare_rows(before, table({{"1", "a"}})).empty());
  before.columns.erase(before.columns.begin());
  before.rows = {{"1"}};
  CHECK(compare_rows(before, table({{"1", "a"}})) ==
        std::vector<RowChange>{{Change::changed, {"1", std::nullopt}, {"1", "a"}, {1}}});
}

TEST_CASE("sealed sections tell what changed and no value") {
  const auto before = contents_of(table({{"1", "geheim"}}), bkp::config::SecretMode::seal);
  const auto after =
      contents_of(table({{"1", "neu"}, {"2", "auch"}}), bkp::config::SecretMode::seal);
  const auto hidden = compare(before, after, false);
  CHECK_THAT(to_text(hidden), Contains("row id=1 changed") && Contains("name: (sealed)"));
  for (const auto* const value : {"geheim", "neu", "auch"}) {
    CHECK_THAT(to_text(hidden), !Contains(value));
    CHECK_THAT(to_json(hidden).dump(), !Contains(value));
  }
  CHECK_THAT(to_text(compare(before, after, true)), Contains("\"geheim\" → \"neu\""));
}

TEST_CASE("a sealed row without a key is not shown as its own name") {
  const auto sealed = bkp::config::SecretMode::seal;
  const auto before = contents_of(table({{"1", "geheim"}}, {}), sealed);
  const auto after = contents_of(table({{"1", "neu"}}, {}), sealed);
  const auto text = to_text(compare(before, after, false));
  CHECK_THAT(text, Contains("row (sealed) added") && Contains("row (sealed) removed") &&
                       !Contains("geheim") && !Contains("neu"));
  CHECK_THAT(to_json(compare(before, after, false)).dump(), !Contains("geheim"));
}

TEST_CASE("hostile names and values stay text") {
  const auto after = contents_of(table({{"1", "\x1b[31m\nred"}}));
  const auto text = to_text(compare({}, after, false));
  CHECK_THAT(text, Contains("section roles added") && Contains("\\x1b[31m\\x0ared"));
}

TEST_CASE("texts are compared line by line, in unified format") {
  CHECK(unified_diff("a\nb\n", "a\nb\n").empty());
  CHECK(unified_diff("a\nb\nc\n", "a\nx\nc\n") == "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
  CHECK_THAT(unified_diff("", "new\n"), Contains("+new"));
  CHECK_THAT(unified_diff("a\n", "a"), Contains("ends of lines"));
  CHECK_THAT(unified_diff(std::string("\0", 1), "text"), Contains("no text"));
  CHECK_THAT(unified_diff("\xff", "text"), Contains("no text"));
  std::string large;
  for (int i = 0; i < 30000; ++i) large += "line\n";
  CHECK_THAT(unified_diff(large, ""), Contains("too large"));
  CHECK_THAT(unified_diff("a\x1b[31m\n", "b\n"), Contains("\\x1b"));
}
