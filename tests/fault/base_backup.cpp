// Backups of the cluster and restores of it are killed at random points, and find disks full.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "fault/own_disk.hpp"
#include "support/incremental_site.hpp"
#include "support/wait_until.hpp"
#include "util/fd.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// About 20 MiB that do not compress.
constexpr auto noise =
    "create table noise as select (select string_agg(sha512((i * 16 + j)::text::bytea), '') "
    "from generate_series(1, 16) j) from generate_series(1, 20000) i";

/// Kills programs at random moments of their lives, however long those are on this machine.
class Killer {
 public:
  explicit Killer(unsigned longest_milliseconds) : m_longest{longest_milliseconds} {}

  /// Starts the command and kills it after a while; true when it had come to its end before. The
  /// next one has less time then.
  bool too_late(const Site& site, std::vector<std::string> arguments) {
    auto run = site.command(std::move(arguments)).start();
    const auto moment = m_random() % m_longest;
    std::this_thread::sleep_for(std::chrono::milliseconds{moment});
    run.signal(SIGKILL);
    const bool ended = run.wait().succeeded();
    if (ended) m_longest = static_cast<unsigned>(moment) * 4 / 5 + 1;
    return ended;
  }

 private:
  std::mt19937 m_random{20261127};
  unsigned m_longest;
};

}  // namespace

TEST_CASE("a backup of the cluster is killed: there is none, and the next one works") {
  IncrementalSite site;
  site.take_full();
  Killer killer{300};
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    const bool full = round % 2 == 0;
    const std::vector<std::string> command =
        full ? std::vector<std::string>{"full", "--method", "base"}
             : std::vector<std::string>{"incr"};
    killed += killer.too_late(site, command) ? 0 : 1;
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
  Killer killer{500};
  const auto target = site.target();
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    const std::vector<std::string> command{"pitr-restore", "--latest", "--to", target.string()};
    const bool done = killer.too_late(site, command);
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

TEST_CASE("the store's disk is full in mid-backup: no backup, no remains, and then one") {
  if (::geteuid() != 0) return;  // mounts
  IncrementalSite site;
  site.take_full();
  site.ask(noise);
  site.archive_all();
  OwnDisk disk{site.store(), "128m"};
  std::uintmax_t used = 0;
  std::set<std::filesystem::path> before;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{site.store()}) {
    used += entry.is_regular_file() ? entry.file_size() : 0;
    before.insert(entry.path());
  }
  const auto command = GENERATE(std::vector<std::string>{"full", "--method", "base"},
                                std::vector<std::string>{"incr"});
  disk.resize(std::to_string((used >> 20U) + 8) + "m");
  const auto outcome = site.run(command);
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 6);
  CHECK_THAT(outcome.err, Contains("No space left on device") && Contains("bkp prune"));
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{site.store() / "studio/backups"}) {
    CAPTURE(entry.path());
    CHECK(before.contains(entry.path()));
  }
  disk.resize("128m");
  CHECK(site.run(command).exit_code == 0);
  CHECK(site.run({"verify", "latest", "--level", "checksum"}).exit_code == 0);
}

TEST_CASE("a recovery finds too little room, or less in mid-way: no server starts on it") {
  if (::geteuid() != 0) return;  // mounts
  IncrementalSite site;
  site.ask(noise);
  site.take_full();
  site.archive_all();
  const auto place = site.directory() / "place";
  std::filesystem::create_directory(place);
  OwnDisk disk{place, "24m"};
  site.cluster().give(place);
  const auto target = place / "recovered";
  const std::vector<std::string> command{"pitr-restore", "--latest", "--to", target.string()};
  const auto refused = site.run(command);
  CAPTURE(refused);
  CHECK(refused.exit_code == 11);
  CHECK_THAT(refused.err, Contains("24.0 MiB are free") && Contains("make room"));
  CHECK_FALSE(std::filesystem::exists(target));

  disk.resize("80m");
  auto run = site.command(command).start();
  REQUIRE(wait_until([&] { return std::filesystem::exists(target / "base"); }));
  const bkp::util::Fd filler{
      ::open((place / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  constexpr off_t mebibyte = 1 << 20;
  for (off_t at = 0; ::posix_fallocate(filler.get(), at, mebibyte) == 0;) at += mebibyte;
  const auto outcome = run.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 6);
  CHECK_THAT(outcome.err, Contains("No space left on device"));
  CHECK_FALSE(std::filesystem::exists(target / "global/pg_control"));
}
