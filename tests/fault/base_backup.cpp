// Backups of the cluster and restores of it are killed at random points.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "support/incremental_site.hpp"

using namespace bkp::test;

namespace {

/// Starts the command and kills it after a while; true when it had come to its end before.
bool killed_too_late(const Site& site, std::vector<std::string> arguments, std::mt19937& random,
                     unsigned longest_milliseconds) {
  auto run = site.command(std::move(arguments)).start();
  std::this_thread::sleep_for(std::chrono::milliseconds{random() % longest_milliseconds});
  run.signal(SIGKILL);
  return run.wait().succeeded();
}

}  // namespace

TEST_CASE("a backup of the cluster is killed: there is none, and the next one works") {
  IncrementalSite site;
  site.take_full();
  std::mt19937 random{20261127};
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    const bool full = round % 2 == 0;
    const std::vector<std::string> command =
        full ? std::vector<std::string>{"full", "--method", "base"}
             : std::vector<std::string>{"incr"};
    killed += killed_too_late(site, command, random, 300) ? 0 : 1;
    CAPTURE(round);
    // What counts as good is whole, and what is not whole counts as nothing.
    const auto listed = site.json({"list"})["result"]["backups"];
    for (const auto& backup : listed) {
      const std::string label = backup["label"];
      const bool good = backup["status"] == "completed";
      CAPTURE(label);
      if (good) CHECK(site.run({"verify", label, "--level", "checksum"}).exit_code == 0);
    }
    CHECK(site.ask("select count(*) from pg_stat_activity where query like '%pg_backup_start%' and "
                   "pid <> pg_backend_pid()") == "0");
  }
  CHECK(killed > 3);
  site.mark(2);
  const auto last = site.take({"incr"});
  site.archive_all();
  site.unpack(last["label"]);
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2");
  for (const auto& entry :
       std::filesystem::directory_iterator{site.directory() / "state/pages/studio"})
    CHECK(entry.path().extension() == ".pages");
  std::size_t debris = 0;
  for (const auto& entry : std::filesystem::directory_iterator{site.store() / "studio/backups"})
    debris += std::filesystem::exists(entry.path() / "manifest.json") ? 0 : 1;
  CHECK(debris == 0);
}

TEST_CASE("a restore is killed: no server starts on what is there, and another restore works") {
  IncrementalSite site;
  site.ask(
      "create table big as select i, repeat(md5(i::text), 20) from generate_series(1, 50000) i");
  site.take_full();
  site.ask("update big set repeat = 'changed' where i % 500 = 0");
  site.take_incremental();
  site.archive_all();
  std::mt19937 random{20261127};
  const auto target = site.target();
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    const std::vector<std::string> command{"pitr-restore", "--latest", "--to", target.string()};
    const bool done = killed_too_late(site, command, random, 500);
    killed += done ? 0 : 1;
    CAPTURE(round);
    const bool startable = std::filesystem::exists(target / "global/pg_control");
    if (!done && startable) {
      // Killed in its last moments: all files are there, and perhaps what recovery needs.
      CHECK(std::filesystem::exists(target / "backup_label"));
      CHECK_FALSE(std::filesystem::exists(target / "global/pg_control.unfinished"));
    }
    if (std::filesystem::exists(target) && !std::filesystem::is_empty(target)) {
      CHECK(site.run({"pitr-restore", "--latest", "--to", target.string()}).exit_code == 11);
      std::filesystem::remove_all(target);
    }
  }
  CHECK(killed > 3);
  CHECK(site.rows_of(site.recover({"--latest"})) == "1");
}
