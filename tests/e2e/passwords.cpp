// Password files: whom they let in, and what is said of one that does not.
#include <algorithm>
#include <filesystem>

#include "e2e/check_failure.hpp"
#include "e2e/guarded_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;
using std::filesystem::perms;

TEST_CASE("a password file that others can read is one finding of check among all the others") {
  const GuardedSite site;
  const auto file = site.password_file("pgpass", "right", private_mode);
  site.config("  password_file: " + file.string() + "\n");
  site.must({"init"});
  std::filesystem::permissions(file, private_mode | perms::others_read);
  check_failure(site, {"list"}, 9, "key", file.string());
  const auto json = site.json({"check"});
  INFO(json.dump(1));
  CHECK(json.at("exit_code") == 9);
  const auto has = [&](const std::string& check, const std::string& status) {
    const auto& checks = json.at("result").at("checks");
    return std::any_of(checks.begin(), checks.end(), [&](const auto& finding) {
      return finding.at("check") == check && finding.at("status") == status;
    });
  };
  CHECK(has("permissions", "error"));
  CHECK(has("store local", "ok"));
  CHECK_THAT(site.run({"check"}).out, Contains("fix: run: chmod 600 " + file.string()));
}

TEST_CASE("a password file that libpq passes over is named by check and by the refusal") {
  const GuardedSite site;
  const auto file = site.password_file(".pgpass", "right", private_mode | perms::group_read);
  const auto bkp = [&] { return site.bkp().with_variable("HOME", site.directory().string()); };
  const auto refused = bkp().run({"init"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 5);
  CHECK_THAT(refused.err, Contains("libpq passes over") && Contains("chmod 600 " + file.string()));
  CHECK_THAT(bkp().run({"check"}).out, Contains("libpq passes over"));
  std::filesystem::permissions(file, private_mode);
  CHECK(bkp().run({"init"}).succeeded());
}

TEST_CASE("a configured password file wins over PGPASSWORD, for sessions and programs alike") {
  const GuardedSite site;
  const auto run = [&](std::vector<std::string> arguments, const std::string& password) {
    return site.bkp().with_variable("PGPASSWORD", password).run(std::move(arguments));
  };
  CHECK(run({"init"}, "right").succeeded());
  CHECK(run({"init"}, "wrong").exit_code == 5);
  const auto file = site.password_file("pgpass", "right", private_mode);
  site.config("  password_file: " + file.string() + "\n");
  for (const std::string command : {"init", "full", "list", "verify"}) {
    const auto outcome = run({command}, "wrong");
    CAPTURE(command, outcome);
    CHECK(outcome.succeeded());
    CHECK_THAT(outcome.err, !Contains("cannot"));
  }
}
