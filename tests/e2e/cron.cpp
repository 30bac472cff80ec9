// The cron file that is installed: its job is well-formed, does what it should, and is silent when
// all is well.
#include <unistd.h>

#include <catch2/catch.hpp>

#include <filesystem>
#include <regex>
#include <sstream>

#include "support/archiving_site.hpp"
#include "support/replaced.hpp"

using namespace bkp::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

struct Job {
  std::string fields;
  std::string user;
  std::string command;
};

std::vector<Job> cron_jobs() {
  const auto text = read_text(InstalledBkp::prefix() / "share/bkp/cron/bkp");
  CHECK(text.ends_with('\n'));
  std::vector<Job> jobs;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    if (line.empty() || line.front() == '#') continue;
    std::smatch match;
    if (std::regex_match(line, std::regex{R"([A-Z]+=.*)"})) continue;
    REQUIRE(std::regex_match(line, match,
                             std::regex{R"(((?:[0-9*,/-]+ +){4}[0-9*,/-]+) +([a-z]+) +([^%]+))"}));
    jobs.push_back({match[1], match[2], match[3]});
  }
  return jobs;
}

Program job_program(const Job& job, const fs::path& config) {
  const std::string path = (InstalledBkp::prefix() / "bin").string() + ":/usr/bin:/bin";
  return Program{{"/bin/sh", "-c", replaced(job.command, "/etc/bkp/bkp.yaml", config.string())}}
      .with_variable("PATH", path)
      .with_variable("BKP_CONFIG", config.string())
      .in_directory("/");
}

Outcome run_job(const Job& job, const fs::path& config) {
  return job_program(job, config).run();
}

}  // namespace

TEST_CASE("every job of the cron file is well-formed and its options exist") {
  const auto jobs = cron_jobs();
  CHECK(jobs.size() == 1);
  const TemporaryDirectory directory;
  write_text(directory / "bkp.yaml", "no configuration");
  fs::permissions(directory / "bkp.yaml", fs::perms::owner_read);
  for (const auto& job : jobs) {
    CAPTURE(job.command);
    CHECK(job.user == "bkp");
    CHECK_THAT(job.command, Contains("bkp schedule run-due -q"));
    // 4 = the configuration; what is wrong with the options is 2 and found before.
    const auto outcome = run_job(job, directory / "bkp.yaml");
    INFO(outcome);
    CHECK(outcome.exit_code == 4);
  }
}

TEST_CASE("the cron file does nothing until there is a configuration") {
  const TemporaryDirectory directory;
  for (const auto& job : cron_jobs()) {
    const auto outcome = run_job(job, directory / "none.yaml");
    INFO(outcome);
    CHECK(outcome.succeeded());
    CHECK((outcome.out + outcome.err).empty());
  }
}

TEST_CASE("a configuration that the jobs cannot read is an error, not silence") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms::all);
  write_text(directory / "bkp.yaml", "site: studio\n");
  fs::permissions(directory / "bkp.yaml", fs::perms::none);
  for (const auto& job : cron_jobs()) {
    auto program = job_program(job, directory / "bkp.yaml");
    // Root reads everything.
    if (::geteuid() == 0) program.as_user(system_user("postgres"));
    const auto outcome = program.run();
    INFO(outcome);
    CHECK(outcome.exit_code == 4);
    CHECK_THAT(outcome.err, Contains("bkp.yaml") && Contains("Permission denied"));
  }
}

TEST_CASE("the job of the cron file runs every schedule, and is silent when all is well") {
  // Some need a server that archives, and so that everything is its user's. Without checksums of
  // its pages each base backup has something to say.
  ArchivingSite site{"databases: [app]\n"};
  site.cluster().stop();
  Program checksums{{(site.cluster().bin_directory() / "pg_checksums").string(), "--enable",
                     "--pgdata", site.cluster().data_directory().string()}};
  if (::geteuid() == 0) checksums.as_user(site.cluster().user());
  output_of(checksums.in_directory("/"));
  site.cluster().start();
  site.cluster().create_database("app");
  site.cluster().psql("app", "create table t as select i from generate_series(1, 100) i");
  site.must({"init"});
  site.start_archiving();
  const auto jobs = cron_jobs();
  REQUIRE(jobs.size() == 1);
  // In the order of a night: what looks at backups finds some.
  for (const std::string id : {"1", "2", "3", "4", "5", "6", "7"}) {
    site.must({"schedule", "enable", id});
    site.cluster().psql("bkp",
                        "update bkp.backup_schedules set next_run_at = now() where id = " + id);
    auto program = job_program(jobs.front(), site.config_file());
    if (::geteuid() == 0) program.as_user(site.cluster().user());
    const auto outcome = program.run();
    INFO(outcome);
    CHECK(outcome.succeeded());
    CHECK((outcome.out + outcome.err).empty());
  }
  CHECK(site.cluster().psql("bkp",
                            "select string_agg(command || ' ' || status, ', ' order by id) from "
                            "bkp.runs where schedule_id is not null") ==
        "full completed, incr completed, wal-check completed, verify completed, verify completed, "
        "assets-check completed, prune completed");
  const auto list = site.json({"list"})["result"]["backups"];
  REQUIRE(list.size() == 2);
  CHECK(list[0]["method"] == "base");
  CHECK(list[1]["method"] == "dump");
  CHECK(list[0]["verified"] == true);
  CHECK(list[1]["verified"] == true);
}
