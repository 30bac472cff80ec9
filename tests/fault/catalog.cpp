// The catalog is away: backups are taken all the same, and told later, once.
#include <csignal>

#include "fault/fault_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site whose catalog lives in a cluster of its own.
struct Split {
  Cluster other;
  FaultSite site;

  Split() {
    site.write_config(config());
    other.create_database("bkp");
    site.must({"init"});
  }

  std::string config(const std::string& yaml = {}) {
    auto text = site.base_config();
    text.insert(text.find("  spool_directory"), "  conninfo: \"" + other.conninfo("bkp") + "\"\n");
    return text + yaml;
  }

  std::string ask(const std::string& sql) {
    return other.psql("bkp", "set search_path = bkp; " + sql);
  }

  std::size_t spool_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{site.spool()})
      count += entry.is_regular_file() && entry.file_size() > 0;
    return count;
  }

  /// The next run brings everything, and only once.
  void check_delivered() {
    site.must({"full", "--db", "slow"});
    site.must({"list"});
    CHECK(spool_files() == 0);
    CHECK(ask("select count(*) from backups b join job_statuses s on s.id = b.status_id where "
              "s.name = 'completed'") == "2");
    CHECK(ask("select count(*) from runs where command = 'full' and status = 'completed' and "
              "exit_code = 0") == "2");
    CHECK(ask("select count(*) from backup_copies where state = 'completed'") == "2");
  }
};

}  // namespace

TEST_CASE("the catalog is down at the start: the backup is taken, with a warning") {
  Split split;
  split.other.stop();
  const auto outcome = split.site.run({"full", "--db", "slow"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("the catalog cannot be reached"));
  CHECK(split.spool_files() == 1);
  CHECK_THAT(split.site.must({"list"}).out, Contains("full-slow"));
  CHECK(split.site.run({"verify", "--level", "checksum"}).exit_code == 0);
  split.other.start();
  split.check_delivered();
}

TEST_CASE("the catalog is lost in mid-run: the backup is taken, and told later") {
  Split split;
  split.site.write_config(split.config("limits: {rate: 4MiB/s}\n"));
  auto run = split.site.started_full();
  split.other.kill();
  const auto outcome = run.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("the catalog cannot be reached"));
  split.other.start();
  split.site.write_config(split.config());
  split.check_delivered();
}

TEST_CASE("a run that is killed while the catalog is down leaves nothing that looks good") {
  Split split;
  split.other.stop();
  split.site.write_config(split.config("limits: {rate: 64KiB/s}\n"));
  auto run = split.site.started_full();
  run.signal(SIGKILL);
  run.wait();
  split.other.start();
  split.site.write_config(split.config());
  CHECK(split.site.run({"verify"}).exit_code == 10);
  split.site.must({"full", "--db", "slow"});
  CHECK(split.ask("select count(*) from runs where status = 'running'") == "0");
  CHECK(split.ask("select count(*) from backups b join job_statuses s on s.id = b.status_id where "
                  "s.name = 'running'") == "0");
  CHECK(split.site.run({"verify"}).exit_code == 0);
}

TEST_CASE("the catalog is lost before a database's turn: that one is backed up all the same") {
  Split split;
  split.site.cluster().create_database("tail");
  split.site.write_config(split.config("limits: {rate: 4MiB/s}\nfull: {jobs: 1}\n"));
  auto run = split.site.bkp().command({"full", "--db", "slow", "--db", "tail"}).start();
  REQUIRE(wait_until([&] { return split.site.dumping(); }));
  split.other.kill();
  const auto outcome = run.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  const auto list = split.site.must({"list"});
  CHECK_THAT(list.out, Contains("full-slow") && Contains("full-tail"));
}
