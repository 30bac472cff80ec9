// Stores that fill up, turn read-only, or go away.
#include "fault/small_disk.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A table that does not compress: about 20 MiB in a backup.
constexpr auto noise =
    "create table noise as select (select string_agg(sha512((i * 16 + j)::text::bytea), '') "
    "from generate_series(1, 16) j) from generate_series(1, 20000) i";

}  // namespace

TEST_CASE("the store is full: exit 6, no remains, and with space again the next run succeeds") {
  FaultSite site;
  site.cluster().psql("slow", noise);
  const auto outcome =
      with_own_mounts(site, fails + on_small_disk("16M") +
                                "fails bkp full --db slow\n"
                                "echo \"files $(find \"$store/studio/backups\" -type f | wc -l)\"\n"
                                "fails bkp list\n"
                                "mount -o remount,size=64M \"$store\"\n"
                                "fails bkp full --db slow\n"
                                "fails bkp verify --level checksum\n");
  CAPTURE(outcome);
  CHECK_THAT(outcome.out, Contains("exit 6\nfiles 0\n"));
  CHECK_THAT(outcome.err, Contains("No space left on device") && Contains("bkp prune"));
  CHECK(outcome.out.find("exit 0", outcome.out.find("exit 6")) != std::string::npos);
  CHECK_THAT(outcome.out, !Contains("exit 1") && !Contains("exit 8"));
  CHECK(site.backups_with("failed") == "1");
  CHECK(site.backups_with("completed") == "1");
}

TEST_CASE("a store that fills up is said so at 80 % of its disk, not before, and recorded") {
  FaultSite site;
  site.cluster().psql("slow", noise);
  const auto outcome = with_own_mounts(site, fails + on_small_disk("52M") +
                                                 "fails bkp full --db slow 2>\"$store/../first\"\n"
                                                 "fails bkp full --db slow 2>\"$store/../second\"\n"
                                                 "fails bkp check\n");
  CAPTURE(outcome);
  CHECK_THAT(outcome.out, Contains("exit 0") && !Contains("exit 6"));
  const auto said_by = [&](const char* run) { return read_text(site.directory() / run); };
  CHECK_THAT(said_by("first"), !Contains("fills up"));
  CHECK_THAT(said_by("second"), Contains("store \"local\" fills up: 8") && Contains("left"));
  CHECK_THAT(outcome.out, Contains("make room: `bkp prune`"));
  CHECK(site.cluster().psql("bkp",
                            "select string_agg(alert_state, ', ' order by sampled_at) "
                            "from bkp.store_usage") == "ok, alert");
}

TEST_CASE("the store is read-only: exit 6, and it says so") {
  FaultSite site;
  const auto outcome = with_own_mounts(site, fails +
                                                 "mount --bind \"$store\" \"$store\"\n"
                                                 "mount -o remount,ro,bind \"$store\"\n"
                                                 "fails bkp full --db slow\n");
  CAPTURE(outcome);
  CHECK_THAT(outcome.out, Contains("exit 6"));
  CHECK_THAT(outcome.err, Contains("Read-only file system") && Contains("hint: "));
  CHECK(site.objects() == 0);
  site.check_recovery();
}

TEST_CASE("the store's directories vanish in mid-write: exit 6, nothing looks good") {
  FaultSite site{"limits: {rate: 4MiB/s}\n"};
  auto run = site.started_full();
  const auto backups = site.store() / "studio/backups";
  REQUIRE(wait_until([&] { return site.objects() > 0; }));
  std::filesystem::rename(backups, site.directory() / "stolen");
  std::filesystem::remove_all(site.directory() / "stolen");
  const auto outcome = run.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 6);
  CHECK_THAT(outcome.err, Contains("hint: "));
  CHECK(site.objects() == 0);
  CHECK(site.backups_with("failed") == "1");
  site.check_recovery();
}

TEST_CASE("of two stores one fills up: the other has its copy, exit 3") {
  FaultSite site;
  site.add_store("second");
  site.must({"init"});
  site.cluster().psql("slow", noise);
  const auto outcome =
      with_own_mounts(site, fails + "store=" + (site.directory() / "second").string() + "\n" +
                                on_small_disk("16M") +
                                "fails bkp full --db slow\n"
                                "fails bkp verify --store local\n");
  CAPTURE(outcome);
  CHECK_THAT(outcome.out, Contains("exit 3") && Contains("exit 0"));
  CHECK(site.backups_with("partial") == "1");
  CHECK(site.cluster().psql("bkp",
                            "select string_agg(store || ' ' || state, ', ' order by store) "
                            "from bkp.backup_copies") == "local completed, second failed");
}
