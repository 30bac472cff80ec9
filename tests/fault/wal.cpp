// Archiving on bad days: nothing is lost, nothing half-done looks good, and what waits drains.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "fault/own_disk.hpp"
#include "support/archiving_site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// Every segment that the server calls archived is in the store, and good.
void check_archive(ArchivingSite& site) {
  for (const auto& entry : std::filesystem::directory_iterator{site.pg_wal("archive_status")}) {
    if (entry.path().extension() != ".done") continue;
    const auto name = entry.path().stem().string();
    CAPTURE(name);
    const bool here = std::filesystem::exists(site.archived(name)) || name.ends_with(".backup");
    CHECK(here);
  }
  const auto outcome = site.run({"wal-check"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
}

}  // namespace

TEST_CASE("wal-push is killed at random points: the server tries again, and all is archived") {
  ArchivingSite site;
  site.must({"init"});
  site.set_archive_command("false");
  const auto last = site.write_segments(8);
  const auto waiting = ArchivingSite::waiting_in(site.cluster().data_directory());
  REQUIRE(waiting.size() >= 8);
  std::mt19937 random{20261127};
  for (int round = 0; round < 25; ++round) {
    const auto& name = waiting[random() % waiting.size()];
    auto push = site.command({"wal-push", site.pg_wal(name).string()}).start();
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 40'000});
    push.signal(SIGKILL);
    push.wait();
    // What is there under its name is whole.
    if (std::filesystem::exists(site.archived(name))) {
      CHECK(site.run({"wal-fetch", name, (site.directory() / "f").string()}).exit_code == 0);
    }
  }
  site.start_archiving();
  site.wait_for_archived(last);
  check_archive(site);
}

TEST_CASE("the archive's disk is full, then not: nothing is lost") {
  if (::geteuid() != 0) return;  // mounts
  ArchivingSite site;
  site.must({"init"});
  OwnDisk disk{site.store(), "2m"};
  write_text(site.store() / "filler", std::string(1'500'000, 'x'));
  site.start_archiving();
  // Random, so that it does not compress.
  site.cluster().psql("postgres",
                      "select count(pg_logical_emit_message(false, 'bkp', "
                      "(select string_agg(sha256(random()::text::bytea)::text, '') from "
                      "generate_series(1, 300 + i * 0)))) from generate_series(1, 120) i");
  const auto last = site.switch_segment();
  REQUIRE(wait_until(
      [&] {
        return site.cluster().psql("postgres", "select failed_count > 0 from pg_stat_archiver") ==
               "t";
      },
      std::chrono::minutes{1}));
  CHECK_THAT(site.cluster().log_text(), Contains("No space left on device"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator{site.store()})
    CHECK_FALSE(entry.path().filename().string().starts_with(".bkp-"));
  disk.resize("64m");
  site.wait_for_archived(last);
  check_archive(site);
}

TEST_CASE("the server is killed while it archives: what it had archived is there") {
  ArchivingSite site;
  site.must({"init"});
  site.start_archiving();
  for (int round = 0; round < 3; ++round) {
    site.write_segments(4);
    site.cluster().kill();
    site.cluster().start();
  }
  site.wait_for_archived(site.write_segments(1));
  check_archive(site);
}
