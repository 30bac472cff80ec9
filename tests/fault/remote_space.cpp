// Of a disk and a bucket one is full and the other is not.
#include "fault/away_site.hpp"
#include "fault/small_disk.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// Each of its tests leaves it as it was: with two good stores.
AwaySite& site() {
  static AwaySite shared;
  return shared;
}

}  // namespace

TEST_CASE("the bucket is full and the disk is not: said as what it is, and prune makes room") {
  const auto old = site().back_up("slow");
  site().back_up("slow");
  ceph().set_quota(site().bucket, 25'000'000);
  const auto missing = site().check_partial_now("QuotaExceeded");
  CHECK_FALSE(site().bucket_keys("backups/studio/backups/").contains(missing + "/globals.sql"));
  const auto alone = site().run({"full", "--db", "slow", "--store", "offsite"});
  CAPTURE(alone);
  CHECK(alone.exit_code == 6);
  CHECK_THAT(alone.err, Contains("QuotaExceeded") && Contains("hint: make room"));

  auto config = read_text(site().config_file());
  config.insert(
      config.find("    endpoint: "),
      "    retention: {last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, quarterly: 0}\n");
  site().write_config(config);
  const auto pruned = site().json({"prune", "--store", "offsite"});
  INFO(pruned.dump(1));
  CHECK(pruned.at("exit_code") == 0);
  CHECK(pruned["result"]["stores"][0]["removed"] == 1);
  CHECK_FALSE(site().bucket_keys("backups/studio/backups/").contains(old + "/manifest.json"));

  ceph().set_quota(site().bucket, 0);
  site().reach(ceph().port());
  site().check_unharmed(site().json({"full", "--db", "slow"}));
  CHECK(site().run({"verify", missing, "--level", "checksum", "--store", "offsite"}).succeeded());
  // What was pruned there, too.
  site().must({"copy", "--to", "offsite"});
  site().check_equal();
}

// Last, for its disk goes with it.
TEST_CASE(
    "the disk is full and the bucket is not: the backup is there, and comes back to the disk") {
  const auto report = site().directory() / "report";
  const auto outcome = with_own_mounts(
      site(), "ends() { local code=0; bkp \"$@\" >/dev/null || code=$?; echo \"exit $code\"; }\n" +
                  on_small_disk("200M") +
                  "space=$(df --output=avail -B1 \"$store\" | tail -n 1)\n"
                  "head -c $((space - 5000000)) /dev/zero >\"$store/filler\"\n"
                  "bkp full --db slow --json >\"" +
                  report.string() +
                  "\" || true\n"
                  "label=$(grep -o '[0-9]*T[0-9]*Z-full-slow' \"" +
                  report.string() +
                  "\" | head -n 1)\n"
                  "test ! -e \"$store/studio/backups/$label\"\n"
                  "ends verify \"$label\" --level checksum\n"
                  "ends full --db slow --store local\n"
                  "rm \"$store/filler\"\n"
                  "ends copy \"$label\" --to local\n"
                  "ends verify \"$label\" --level checksum --store local\n"
                  "ends full --db slow\n");
  CAPTURE(outcome);
  CHECK(outcome.out == "exit 0\nexit 6\nexit 0\nexit 0\nexit 0\n");
  CHECK_THAT(outcome.err, Contains("No space left on device") && Contains("let `bkp prune`"));
  const auto partial = nlohmann::json::parse(read_text(report));
  INFO(partial.dump(1));
  CHECK(partial.at("exit_code") == 3);
  CHECK_THAT(partial.at("warnings").dump(), Contains("local") && Contains("No space left"));
  CHECK_THAT(partial["error"]["message"].get<std::string>(),
             Contains("the copy on local is missing"));
  CHECK(site().cluster().psql("bkp",
                              "select string_agg(c.store || ' ' || c.state, ', ' order by c.store) "
                              "from bkp.backup_copies c join bkp.backups b on b.id = c.backup_id "
                              "where b.label = '" +
                                  partial["result"]["backups"][0]["label"].get<std::string>() +
                                  "'") == "local completed, offsite completed");
}
