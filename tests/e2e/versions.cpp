// The physical half on each version of PostgreSQL that is supported beside the one that all other
// tests run on.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/incremental_site.hpp"

using namespace bkp::test;

namespace {

ClusterOptions server_of(int version) {
  ClusterOptions options;
  options.bin_directory = std::filesystem::path{BKP_SERVERS_DIR} / std::to_string(version) / "bin";
  options.initdb_arguments = {"--data-checksums"};
  return options;
}

/// These servers come without pg_verifybackup, so the restored server itself must be content.
void check_backups(int version) {
  IncrementalSite site{{}, server_of(version)};
  REQUIRE(site.ask("show server_version").starts_with(std::to_string(version)));
  site.ask("create table big as select i, md5(i::text) as text from generate_series(1, 20000) i");
  site.ask("checkpoint");
  site.take_full();
  site.ask("update big set text = 'changed' where i in (17, 12000)");
  site.mark(2);
  const auto incremental = site.take_incremental();
  site.mark(3);
  const auto time = site.now();
  site.mark(4);
  site.archive_all();
  const auto verified = site.json({"verify", incremental});
  INFO(verified.dump(1));
  CHECK(verified["exit_code"] == 0);
  CHECK(site.rows_of(site.recover({"--target-time", time, "--promote"})) == "1,2,3");

  auto text = site.base_config();
  text.insert(text.find("  bin_directory:"), "  data_directory: /var/empty\n");
  site.write_config(text);
  const auto remote = site.take_full();
  site.mark(5);
  site.archive_all();
  CHECK(site.rows_of(site.recover({"--latest", "--backup", remote})) == "1,2,3,4,5");
  CHECK(site.run({"wal-check"}).exit_code == 0);
}

}  // namespace

TEST_CASE("PostgreSQL 14") {
  check_backups(14);
}
TEST_CASE("PostgreSQL 16") {
  check_backups(16);
}
TEST_CASE("PostgreSQL 17") {
  check_backups(17);
}
TEST_CASE("PostgreSQL 18") {
  check_backups(18);
}
