#include "status/render.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "util/text.hpp"

namespace bkp::status {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const Time noon = util::parse_time("2026-11-21T12:00:00Z");

Kind kind_of(const std::string& database, std::chrono::seconds age, Level level) {
  Kind kind;
  kind.kind = "dump";
  kind.database = database;
  kind.good = GoodBackup{"20261121T090000Z-full-a", noon - age, 1234};
  kind.verified = kind.good;
  kind.verified_at = noon - 1h;
  kind.ages = {6h, 24h};
  kind.level = level;
  kind.verified_level = Level::green;
  return kind;
}

SiteStatus site() {
  SiteStatus status;
  status.site = "studio";
  status.at = noon;
  status.kinds = {kind_of("good", 3h, Level::green), kind_of("bad", 30h, Level::red)};
  Archive archive;
  archive.lag = 20min;
  archive.waiting = 2;
  archive.level = Level::yellow;
  status.archive = archive;
  Store store{"local", true, {}, catalog::StoreUsage{}, true, Level::green};
  store.usage->used_bytes = 1000;
  store.usage->capacity_bytes = 10'000;
  store.usage->available_bytes = 8000;
  status.stores = {store, Store{"away", false, "it is gone", {}, false, Level::yellow}};
  status.failures = {{"prune", 2, noon - 2h, "no\x1b[31m room", Level::yellow}};
  status.schedules = {{1, "full", noon - 10h, noon + 14h, false}};
  status.objectives = {{"rpo", 15min, 1200.0, "how far the archive of WAL is behind"},
                       {"rto", 15min, std::nullopt, ""},
                       {"window", 30min, 60.0, "the longest backup run of 8 days"}};
  status.runbook_at = noon - 3h;
  return status;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : util::split_lines(text)) lines.emplace_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the worst stands first, and what is not green says what to do") {
  const auto lines = lines_of(to_text(site(), false, 0));
  CHECK(lines[0] == "site studio: red, 6 of 11 want to be looked at");
  CHECK_THAT(lines[1], Catch::StartsWith("red    database bad") &&
                           Contains("last good backup 1d 6h ago, which was verified 1h ago"));
  CHECK_THAT(lines[2], Catch::EndsWith("  bkp full --db bad"));
  CHECK_THAT(lines[3],
             Catch::StartsWith("yellow archive of WAL") && Contains("20min behind, 2 files wait"));
  const auto text = to_text(site(), false, 0);
  CHECK_THAT(text, Contains("yellow store away      it is gone") &&
                       Contains("yellow bkp prune       failed 2 times since the last success") &&
                       Contains("15min wanted, 20min measured") && Contains(": missed") &&
                       Contains("nothing measured yet") &&
                       Contains("window          30min wanted"));
  CHECK(text.find("green") > text.find("yellow"));
}

TEST_CASE("colours are for terminals, and nothing hostile is") {
  CHECK_THAT(to_text(site(), false, 0), !Contains("\x1b"));
  const auto text = to_text(site(), true, 0);
  CHECK_THAT(text, Contains("\x1b[31mred   \x1b[0m") && Contains("no\\x1b[31m room"));
}

TEST_CASE("lines are folded to the terminal's width") {
  for (const auto& line : lines_of(to_text(site(), false, 80))) CHECK(line.size() <= 80);
}

TEST_CASE("a site without anything is red and says how to begin") {
  SiteStatus status;
  status.site = "new";
  status.at = noon;
  const auto text = to_text(status, false, 0);
  CHECK_THAT(text, Contains("site new: red") && Contains("there is none of anything") &&
                       Contains("bkp full") && Contains("nothing runs by itself"));
}

TEST_CASE("a catalog that is down and a schedule nobody follows are red") {
  auto status = site();
  status.kinds.pop_back();
  CHECK(level_of(items_of(status)) == Level::yellow);
  status.catalog_problem = "no route";
  CHECK(items_of(status).front().what == "catalog");
  status.catalog_problem.clear();
  CHECK(status.is_complete());
  status.server_problem = "it is down\nand out";
  CHECK(items_of(status).front().text == "it is down and out");
  CHECK_FALSE(status.is_complete());
  status.server_problem.clear();
  status.schedules.front().overdue = true;
  status.schedules.front().next_run_at = noon - 1h;
  CHECK(items_of(status).front().what == "schedules");
}

TEST_CASE("the JSON has the keys of the contract") {
  const auto object = to_json(site());
  for (const auto* const key : {"objectives", "kinds", "stores", "archive", "schedules"})
    CHECK(object.contains(key));
  CHECK(object["level"] == "red");
  CHECK(object["kinds"][1]["last_good_age_seconds"] == 30 * 3600);
  CHECK(object["archive"]["lag_seconds"] == 1200);
  CHECK(object["objectives"][0]["met"] == false);
  CHECK(object["objectives"][1]["met"].is_null());
  CHECK(object["items"].size() == 11);
}

TEST_CASE("Prometheus gets each metric once, with its help, and labels that cannot break out") {
  auto status = site();
  status.kinds.front().database = "a\"b\\c\nd";
  const auto text = to_prometheus(status);
  CHECK_THAT(text, Contains("bkp_backup_level{site=\"studio\",kind=\"dump\","
                            "database=\"a\\\"b\\\\c\\nd\"} 0\n"));
  CHECK_THAT(text,
             Contains("bkp_status_level{site=\"studio\"} 2\n") &&
                 Contains("bkp_archive_lag_seconds{site=\"studio\"} 1200\n") &&
                 Contains("bkp_store_up{site=\"studio\",store=\"away\",required=\"false\"} 0\n") &&
                 Contains("bkp_objective_met{site=\"studio\",objective=\"window\"} 1\n") &&
                 Contains("bkp_failed_runs{site=\"studio\",command=\"prune\"} 2\n"));
  std::set<std::string> named;
  std::string current;
  for (const auto& line : lines_of(text)) {
    if (line.starts_with("# TYPE ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      CHECK(named.insert(current).second);
      CHECK(line.ends_with(" gauge"));
    } else if (!line.starts_with("# HELP ")) {
      CHECK(line.starts_with(current + "{"));
    }
  }
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("NULL") == std::string::npos);
}

TEST_CASE("a monitoring plugin says the worst in its first line, and data behind it") {
  const auto lines = lines_of(to_plugin_output(site()));
  CHECK(
      lines[0] ==
      "BKP CRITICAL - site studio: database bad: last good backup 1d 6h ago, which was verified 1h "
      "ago | 'age database good'=10800s;21600;86400;0 'age database bad'=108000s;21600;86400;0 "
      "'archive lag'=1200s;900;1800;0 'store local'=1000B;;;0");
  CHECK(lines.size() == 6);
  CHECK_THAT(lines[1], Catch::StartsWith("WARNING: archive of WAL"));
  auto hostile = site();
  hostile.kinds.back().database = "a|b'=\n";
  const auto first = lines_of(to_plugin_output(hostile)).front();
  CHECK(std::ranges::count(first, '|') == 1);
  CHECK(plugin_exit_code(Level::green) == 0);
  CHECK(plugin_exit_code(Level::yellow) == 1);
  CHECK(plugin_exit_code(Level::red) == 2);
}

}  // namespace bkp::status
