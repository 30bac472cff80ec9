// Bad days of a server that holds a store: it refuses, breaks off, is busy, lies, or its word is
// lost on the way.
#include "fault/away_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

constexpr int always = 1000;

/// Each of its tests leaves it as it was: with two good stores.
AwaySite& site() {
  static AwaySite shared;
  return shared;
}

/// What stands between the programs and the bucket for a test.
struct BadDay {
  FaultyProxy proxy{ceph().port(), FaultyProxy::Protocol::http};
  BadDay() { site().reach(proxy.port()); }
  ~BadDay() { site().reach(ceph().port()); }
};

/// Several at once: each is patient with a server that is away.
std::vector<Outcome> outcomes_of(const std::vector<std::vector<std::string>>& commands) {
  std::vector<RunningProgram> programs;
  for (const auto& command : commands) programs.push_back(site().bkp().command(command).start());
  std::vector<Outcome> outcomes;
  for (auto& program : programs) outcomes.push_back(program.wait());
  return outcomes;
}

}  // namespace

TEST_CASE(
    "a server that dies in mid-part and stays away: named everywhere, and only it is missed") {
  const auto label = site().back_up("slow");
  BadDay day;
  day.proxy.next({Damage::reset, Direction::request, 3'000'000}, always);
  auto run = site().bkp().command({"full", "--db", "slow", "--json"}).start();
  REQUIRE(wait_until([&] { return day.proxy.counts().reset >= 1; }));
  day.proxy.stop_listening();
  day.proxy.running({Damage::reset});
  const auto report = nlohmann::json::parse(run.wait().out);
  const auto missing = site().check_partial(report, "dump.pgc");
  const auto remains = site().bucket_keys("backups/studio/backups/" + missing + "/");
  CHECK(remains == std::set<std::string>{"globals.sql"});

  const auto outcomes =
      outcomes_of({{"verify", label, "--level", "checksum", "--store", "offsite"},
                   {"restore", label, "--db", "slow", "--into", "back", "--store", "offsite"},
                   {"copy", "--to", "offsite", "--dry-run"},
                   {"check"},
                   {"prune", "--dry-run"},
                   {"verify", label, "--level", "checksum"},
                   {"list"}});
  for (const auto& outcome : outcomes) UNSCOPED_INFO(outcome);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(outcomes[i].exit_code == (i < 4 ? 6 : 3));
    CHECK_THAT(outcomes[i].out + outcomes[i].err,
               Contains("offsite") && Contains("the server cannot be reached") &&
                   Contains("127.0.0.1:" + std::to_string(day.proxy.port())) &&
                   Contains("see that the service"));
  }
  CHECK_FALSE(site().cluster().has_database("back"));
  CHECK(outcomes[5].exit_code == 3);
  CHECK_THAT(outcomes[5].err, Contains("store \"offsite\" cannot be opened") &&
                                  Contains("no copy on store \"offsite\" was read"));
  CHECK(outcomes[6].exit_code == 0);
  CHECK_THAT(outcomes[6].out, Contains(missing) && Contains("partial"));
  // The next run removes what this one could not.
  site().check_mended(missing);
}

TEST_CASE("a server that is busy for a while costs time and nothing else") {
  const auto busy = http_answer("503 Slow Down", error_body("SlowDown"), "Retry-After: 0\r\n");
  BadDay day;
  day.proxy.next({Damage::refuse}, 2);
  day.proxy.answer("partNumber=1", busy, 2);
  day.proxy.answer("manifest.json", busy, 2);
  site().check_unharmed(site().json({"full", "--db", "slow"}));
  CHECK(day.proxy.counts().answered == 4);
  CHECK(day.proxy.counts().refused == 2);
  site().check_equal();
}

TEST_CASE("an error behind a 200 is an error") {
  BadDay day;
  const auto lie = http_answer("200 OK", error_body("InternalError"));
  SECTION("once") {
    day.proxy.answer("PUT ", lie);
    day.proxy.answer("?uploadId=", lie);
    site().check_unharmed(site().json({"full", "--db", "slow"}));
    CHECK(day.proxy.counts().answered == 2);
    site().check_equal();
  }
  SECTION("always") {
    day.proxy.answer("?uploadId=", lie, always);
    const auto missing = site().check_partial_now("200 InternalError");
    site().check_mended(missing);
  }
}

TEST_CASE("what answers 200 to everything is no S3") {
  BadDay day;
  const auto page = http_answer("200 OK", "<html>Please log in</html>");
  SECTION("from the start") {
    day.proxy.answer(" HTTP/1.1", page, always);
  }
  SECTION("for one small object, which is not there then") {
    day.proxy.answer("PUT ", page);
  }
  const auto missing = site().check_partial_now("is not what S3 prescribes");
  site().check_mended(missing);
}

TEST_CASE("what a server did and could not say is found done") {
  BadDay day;
  day.proxy.lose_answer("PUT ");
  day.proxy.lose_answer("?uploadId=");
  const auto report = site().json({"full", "--db", "slow"});
  site().check_unharmed(report);
  CHECK(day.proxy.counts().lost_answers == 2);
  const auto label = report["result"]["backups"][0]["label"].get<std::string>();
  CHECK(site().run({"verify", label, "--level", "checksum", "--store", "offsite"}).succeeded());
  site().check_equal();
}
