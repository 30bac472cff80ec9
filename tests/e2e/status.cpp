// How a site is said to be: in text, in JSON, to Prometheus and to a monitoring plugin.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "support/archiving_site.hpp"
#include "support/notified_site.hpp"
#include "support/replaced.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

nlohmann::json status_of(const Site& site) {
  return site.json({"status"})["result"];
}

nlohmann::json kind_of(const nlohmann::json& status, const std::string& database) {
  for (const auto& kind : status["kinds"]) {
    if (kind["database"] == database) return kind;
  }
  FAIL("no kind of " << database);
  throw;
}

std::set<std::string> names_in(const std::string& text) {
  const std::regex name{"bkp_[a-z_]+"};
  std::set<std::string> names;
  for (std::sregex_iterator at{text.begin(), text.end(), name}, end; at != end; ++at)
    names.insert(at->str());
  return names;
}

/// The queries of a dashboard as rules, which promtool knows how to check.
std::filesystem::path rules_of(const nlohmann::json& panels, std::filesystem::path file) {
  auto rules = nlohmann::json::array();
  for (const auto& panel : panels) {
    for (const auto& target : panel.at("targets")) {
      rules.push_back({{"record", fmt::format("panel:{}", rules.size())},
                       {"expr", replaced(target.at("expr"), "$site", ".*")}});
    }
  }
  // JSON is YAML, too.
  nlohmann::json group{{"name", "panels"}};
  group["rules"] = rules;
  nlohmann::json document;
  document["groups"].push_back(group);
  write_text(file, document.dump());
  return file;
}

}  // namespace

TEST_CASE("a site is red until it has backups, then yellow until they are proven") {
  ScheduledSite site;
  const auto empty = site.run({"status"});
  CHECK(empty.exit_code == 0);
  CHECK_THAT(empty.out, Contains("site studio: red") && Contains("no good backup") &&
                            Contains("bkp full --db studio"));
  site.add("full");
  site.must({"full"});
  auto status = status_of(site);
  CHECK(kind_of(status, "studio")["level"] == "yellow");
  CHECK(kind_of(status, "studio")["last_good_age_seconds"] < 600);
  site.must({"verify"});
  status = status_of(site);
  CHECK(status["level"] == "green");
  CHECK(kind_of(status, "studio")["level"] == "green");
  CHECK(kind_of(status, "studio")["last_verified"] == kind_of(status, "studio")["last_good"]);
  for (const auto& objective : status["objectives"]) {
    CAPTURE(objective);
    CHECK(objective["met"] == true);
  }
  CHECK(status["stores"][0]["usage"]["used_bytes"] > 0);
  CHECK(status["schedules"][0]["command"] == "full");
  CHECK_FALSE(status["runbook_at"].is_null());
  CHECK_THAT(site.must({"status"}).out, Contains("site studio: green\n"));
  // It is asked often: nothing is written.
  CHECK(site.psql("select count(*) from bkp.runs where command = 'status'") == "0");
}

TEST_CASE("what grows old becomes yellow and red, by the ages of the configuration") {
  ScheduledSite site;
  site.must({"full", "--db", "studio"});
  const auto level = [&](const std::string& shift) {
    const auto outcome = site.command_at(shift, {"status", "--json"}).run();
    return kind_of(nlohmann::json::parse(outcome.out)["result"], "studio")["level"];
  };
  site.must({"verify", "latest", "--db", "studio"});
  CHECK(level("+1h") == "green");
  CHECK(level("+7h") == "yellow");
  CHECK(level("+25h") == "red");
  site.write_config(site.base_config() +
                    "schedules: []\nstatus: {kinds: [{kind: dump, green: 40h, yellow: 50h}]}\n");
  CHECK(level("+25h") == "green");
}

TEST_CASE("a monitoring plugin gets 0, 1, 2 and 3") {
  ScheduledSite site;
  site.add("full");
  const auto red = site.run({"status", "--check"});
  CHECK(red.exit_code == 2);
  CHECK_THAT(red.out, Catch::StartsWith("BKP CRITICAL - site studio: "));
  site.must({"full"});
  const auto yellow = site.run({"status", "--check", "-q"});
  CHECK(yellow.exit_code == 1);
  CHECK_THAT(yellow.out, Catch::StartsWith("BKP WARNING - ") && Contains("'age database studio'="));
  site.must({"verify"});
  const auto green = site.run({"status", "--check"});
  CHECK(green.exit_code == 0);
  CHECK_THAT(green.out, Catch::StartsWith("BKP OK - site studio: all is well | "));
  std::filesystem::rename(site.store(), site.directory() / "lost");
  CHECK(site.run({"status", "--check"}).exit_code == 2);
  site.write_config("site: [\n");
  // Its reader sees stdout alone.
  const auto unread = site.run({"status", "--check", "-q"});
  CHECK(unread.exit_code == 3);
  CHECK_THAT(unread.out, Catch::StartsWith("BKP UNKNOWN - ") && Contains("bkp.yaml:"));
  for (const auto& wrong :
       {std::vector<std::string>{"--nonsense"}, {"--lock-wait", "nonsense"}, {"--prometheus"}}) {
    std::vector<std::string> arguments{"status", "--check"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    const auto mistyped = site.run(arguments);
    CAPTURE(mistyped);
    CHECK(mistyped.exit_code == 3);
    CHECK_THAT(mistyped.out, Catch::StartsWith("BKP UNKNOWN - ") && Contains(wrong.front()));
  }
}

TEST_CASE(
    "failures since the last success are counted, and a schedule that nobody follows is seen") {
  NotifiedSite site;
  site.must({"full"});
  const auto verify = [&] { return site.run({"verify", "--level", "checksum", "-q"}); };
  site.lose_store();
  verify();
  verify();
  site.find_store();
  auto status = status_of(site);
  REQUIRE(status["failures"].size() == 1);
  CHECK(status["failures"][0]["command"] == "verify --level checksum");
  CHECK(status["failures"][0]["count"] == 2);
  CHECK(status["level"] == "red");
  // What else succeeds does not hide it.
  site.must({"verify"});
  CHECK(status_of(site)["failures"].size() == 1);
  CHECK(verify().succeeded());
  CHECK(status_of(site)["failures"].empty());
  const auto id = site.add("prune");
  site.psql("update bkp.backup_schedules set next_run_at = now() - interval '1 hour'");
  status = status_of(site);
  CHECK(status["schedules"][0]["overdue"] == true);
  CHECK_THAT(site.run({"status"}).out, Contains("nobody begins it"));
}

TEST_CASE("with the catalog and the server down, the manifests on the stores tell") {
  ScheduledSite site;
  site.must({"full", "--db", "studio"});
  site.cluster().stop();
  const auto outcome = site.run({"status"});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, Contains("red    catalog") && Contains("database studio") &&
                              Contains("last good backup "));
  CHECK(site.run({"status", "--check"}).exit_code == 2);
  std::filesystem::rename(site.store(), site.directory() / "lost");
  const auto unknown = site.run({"status", "--check"});
  CHECK(unknown.exit_code == 3);
  CHECK_THAT(unknown.out, Catch::StartsWith("BKP UNKNOWN - "));
}

TEST_CASE("what Prometheus reads is what promtool accepts, and all that rules and panels name") {
  NotifiedSite site;
  site.write_config(read_text(site.config_file()) +
                    "assets: [{name: finals, database: studio, root: " + site.directory().string() +
                    ", sql: \"select 'gone.mp4' as path, null as sha256\"}]\n");
  CHECK(site.run({"assets-check"}).exit_code == 8);
  site.add("full");
  site.must({"full"});
  site.must({"verify"});
  site.run({"prune", "--store", "nothing", "--triggered-by", "schedule"});
  const auto file = site.directory() / "bkp.prom";
  site.must({"status", "--prometheus", file.string()});
  struct ::stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0644U);
  const auto text = read_text(file);
  CHECK_THAT(text, Contains("bkp_assets{site=\"studio\",assets=\"finals\",state=\"missing\"} 1"));
  CHECK(site.must({"status", "--prometheus", "-", "-q"}).out.size() > 1000);
  const std::filesystem::path promtool{BKP_PROMTOOL};
  const auto checked = Program{{promtool.string(), "check", "metrics"}}.with_input(text).run();
  INFO(checked);
  CHECK(checked.succeeded());
  CHECK(checked.err.empty());
  const auto documents = InstalledBkp::prefix() / "share/doc/bkp";
  const auto rules =
      Program{{promtool.string(), "check", "rules", (documents / "alerts.yml").string()}}.run();
  INFO(rules);
  CHECK(rules.succeeded());

  // A site that archives has these too, and one that grows the last.
  auto known = names_in(text);
  known.insert({"bkp_archive_lag_seconds", "bkp_archive_waiting_files", "bkp_archive_failing",
                "bkp_store_full_timestamp_seconds"});
  for (const auto* const name : {"alerts.yml", "grafana-dashboard.json"}) {
    for (const auto& metric : names_in(read_text(documents / name))) {
      CAPTURE(name, metric);
      CHECK(known.contains(metric));
    }
  }
  const auto panels =
      nlohmann::json::parse(read_text(documents / "grafana-dashboard.json"))["panels"];
  CHECK(panels.size() > 10);
  const auto queries = Program{{promtool.string(), "check", "rules",
                                rules_of(panels, site.directory() / "panels.yml").string()}}
                           .run();
  INFO(queries);
  CHECK(queries.succeeded());
}

TEST_CASE("what is red is told to the channels once, and that it is not any more") {
  NotifiedSite site;
  site.add("full");
  site.must({"full"});
  site.must({"status"});
  const auto before = site.titles().size();
  CHECK(before == 0);
  const auto at = [&](const std::string& shift) { output_of(site.command_at(shift, {"status"})); };
  at("+25h");
  at("+26h");
  std::vector<std::string> red;
  for (const auto& title : site.titles()) {
    if (title.starts_with("*database studio")) red.push_back(title);
  }
  CHECK(red == std::vector<std::string>{"*database studio: red*"});
  site.must({"full"});
  site.must({"status"});
  CHECK(std::ranges::count(site.titles(), "*database studio: not red any more*") == 1);
}

TEST_CASE("how far the archive is behind is asked of the server, and is the objective's measure") {
  ArchivingSite site{"objectives: {rpo: 10min}\n"};
  site.must({"init"});
  site.start_archiving();
  site.wait_for_archived(site.write_segments(2));
  site.must({"full", "--method", "base"});
  auto status = status_of(site);
  CHECK(status["archive"]["level"] == "green");
  CHECK(status["archive"]["failing"] == false);
  CHECK(status["archive"]["lag_seconds"] <= 600);
  CHECK(status["objectives"][0]["measured"] == "how far the archive of WAL is behind");
  CHECK(status["objectives"][0]["met"] == true);
  CHECK_THAT(site.must({"status", "--prometheus", "-", "-q"}).out,
             Contains("bkp_archive_failing{site=\"studio\"} 0\n") &&
                 Contains("bkp_archive_lag_seconds{site=\"studio\"} "));

  site.set_archive_command("false");
  site.write_segments(2);
  REQUIRE(wait_until([&] { return status_of(site)["archive"]["failing"] == true; }));
  status = status_of(site);
  CHECK(status["archive"]["level"] == "red");
  CHECK(status["archive"]["waiting"] >= 1);
  CHECK_THAT(site.run({"status"}).out, Contains("red    archive of WAL"));
  CHECK(site.run({"status", "--check"}).exit_code == 2);
}

TEST_CASE("what is promised and not kept is missed, and said so") {
  ScheduledSite site;
  site.write_config(site.base_config() + "schedules: []\nobjectives: {rpo: 1h, rto: 2h}\n");
  site.must({"full", "--db", "studio"});
  site.must({"verify", "latest", "--db", "studio"});
  const auto outcome = site.command_at("+2h", {"status", "--json"}).run();
  const auto objectives = nlohmann::json::parse(outcome.out)["result"]["objectives"];
  CHECK(objectives[0]["met"] == false);
  CHECK(objectives[0]["measured_seconds"] > 7000);
  CHECK(objectives[1]["met"] == true);
  CHECK_THAT(site.command_at("+2h", {"status"}).run().out, Contains("1h wanted, 2h"));
}

TEST_CASE("colours are for a terminal alone") {
  ScheduledSite site;
  CHECK_THAT(site.command({"status"}).on_terminal().run().out, Contains("\x1b[31mred"));
  CHECK_THAT(site.run({"status"}).out, !Contains("\x1b"));
  CHECK_THAT(site.run({"status", "--color", "always"}).out, Contains("\x1b[31mred"));
  CHECK_THAT(site.command({"status"}).with_variable("NO_COLOR", "1").on_terminal().run().out,
             !Contains("\x1b[31m"));
}
