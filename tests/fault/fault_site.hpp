#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "support/site.hpp"
#include "support/wait_until.hpp"

namespace bkp::test {

/// A site with one database of about 12 MB, "slow", and questions about what a bad day left.
struct FaultSite : Site {
  /// `yaml` makes the day bad; check_recovery() takes it away again.
  explicit FaultSite(const std::string& yaml = {}, ClusterOptions options = {})
      : Site{yaml, std::move(options)} {
    must({"init"});
    cluster().create_database("slow");
    cluster().psql(
        "slow",
        "create table t as select i, repeat(md5(i::text), 20) from generate_series(1, 16000) i");
  }

  /// A run that is writing its dump by now.
  RunningProgram started_full() {
    auto run = bkp().command({"full", "--db", "slow"}).start();
    REQUIRE(wait_until([&] { return dumping(); }));
    return run;
  }

  bool dumping() {
    return cluster().psql("postgres",
                          "select count(*) > 0 from pg_stat_activity where query like 'COPY %' and "
                          "application_name = 'pg_dump'") == "t";
  }

  std::string backups_with(const std::string& status) {
    return cluster().psql(
        "bkp",
        "select count(*) from bkp.backups b join bkp.job_statuses s on s.id = b.status_id "
        "where s.name = '" +
            status + "'");
  }

  std::string last_run() {
    return cluster().psql(
        "bkp", "select status from bkp.runs where command = 'full' order by id desc limit 1");
  }

  /// Files below backups/, of whatever name.
  std::size_t objects() const {
    std::size_t count = 0;
    const auto backups = store() / "studio/backups";
    if (!std::filesystem::exists(backups)) return 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{backups})
      count += entry.is_regular_file();
    return count;
  }

  /// Runs full and checks what its user sees: the exit code, the kind, a message and a hint.
  nlohmann::json check_full_fails(int exit_code, const std::string& kind,
                                  const std::string& message) {
    auto json = this->json({"full", "--db", "slow"});
    INFO(json.dump(1));
    CHECK(json.at("exit_code") == exit_code);
    REQUIRE(json.at("error").is_object());
    CHECK(json["error"].at("kind") == kind);
    CHECK_THAT(json["error"].at("message").get<std::string>(), Catch::Matchers::Contains(message));
    CHECK_FALSE(json["error"].at("hint").get<std::string>().empty());
    return json;
  }

  /// list shows nothing good; without the trouble the next run succeeds, has cleaned up, and is
  /// worth something.
  void check_recovery() {
    const auto list = json({"list"});
    for (const auto& backup : list.at("result").at("backups"))
      CHECK(backup.at("status") != "completed");
    CHECK(run({"verify"}).exit_code == 10);
    write_config(base_config());
    const auto next = json({"full", "--db", "slow"});
    INFO(next.dump(1));
    CHECK(next.at("status") == "ok");
    CHECK(backups_with("running") == "0");
    CHECK(backups_with("completed") == "1");
    CHECK(std::distance(std::filesystem::directory_iterator{store() / "studio/backups"}, {}) == 1);
    CHECK(run({"verify", "--db", "slow"}).succeeded());
  }
};

}  // namespace bkp::test
