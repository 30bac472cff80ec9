// Recovery into a directory that holds a copy of the cluster: only what differs is written.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/incremental_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

struct DeltaSite : IncrementalSite {
  std::filesystem::path space = cluster().make_directory("space");
  std::filesystem::path new_space = directory() / "new-space";

  DeltaSite() {
    ask("create tablespace space location " + sql_literal(space.string()));
    ask("create table in_space tablespace space as select i from generate_series(1, 20000) i");
    ask("create table big as select i, md5(i::text) as text from generate_series(1, 100000) i");
    ask("checkpoint");
    take_full();
    ask("update big set text = 'changed' where i % 5000 = 0");
    mark(2);
    take_incremental();
    archive_all();
  }

  nlohmann::json recover_into(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--tablespace-map", space.string() + "=" + new_space.string()});
    return recover(std::move(arguments));
  }
};

}  // namespace

TEST_CASE("a copy becomes what the backup has, and what is right in it is not written") {
  DeltaSite site;
  const auto target = site.target();
  const auto first = site.recover_into({"--latest"});
  INFO(first.dump(1));
  REQUIRE(first["exit_code"] == 0);
  SECTION("a server that runs there is not touched") {
    const auto refused = site.recover_into({"--latest", "--delta", "--yes", "studio"});
    CHECK(refused["exit_code"] == 11);
    CHECK_THAT(refused["error"]["message"].get<std::string>(), Contains("runs"));
    site.halt_recovered();
  }
  SECTION("what was damaged, added and removed is as the backup has it") {
    site.halt_recovered();
    const auto big = target / site.ask("select pg_relation_filepath('big')");
    auto bytes = read_text(big);
    bytes[5 * 8192 + 100] ^= 1;
    write_text(big, bytes + "behind the end");
    const auto in_space = target / site.ask("select pg_relation_filepath('in_space')");
    REQUIRE(std::filesystem::exists(in_space));
    std::filesystem::remove(in_space);
    write_text(target / "base/99999", "of no relation");
    write_text(in_space.parent_path() / "77777", "of none either");
    write_text(target / "pg_wal/000000090000000000000001", "of another time");
    site.cluster().give(target);
    output_of(Program{{"chown", "-R", "--reference=" + site.store().string(), target.string(),
                       site.new_space.string()}});
    // Without the name nothing is overwritten, and without --delta neither.
    CHECK(site.recover_into({"--latest", "--delta"})["exit_code"] == 11);
    CHECK(site.recover_into({"--latest", "--delta", "--yes", "other"})["exit_code"] == 11);
    CHECK(site.recover_into({"--latest"})["exit_code"] == 11);
    CHECK(std::filesystem::exists(target / "base/99999"));

    const auto again = site.recover_into({"--latest", "--delta", "--yes", "studio"});
    INFO(again.dump(1));
    REQUIRE(again["exit_code"] == 0);
    const auto& figures = again["result"]["restore"];
    CHECK(figures["reused_bytes"].get<double>() > 0.9 * figures["bytes"].get<double>());
    CHECK(figures["reused_bytes"] < figures["bytes"]);
    CHECK_FALSE(std::filesystem::exists(target / "base/99999"));
    CHECK_FALSE(std::filesystem::exists(in_space.parent_path() / "77777"));
    CHECK_FALSE(std::filesystem::exists(target / "pg_wal/000000090000000000000001"));
    const std::string socket = again["result"]["socket"];
    CHECK(database_digest(site.cluster(), "postgres", socket) ==
          database_digest(site.cluster(), "postgres"));
    site.halt_recovered();

    SECTION("also after a restore that was killed") {
      std::filesystem::rename(target / "global/pg_control",
                              target / "global/pg_control.unfinished");
      std::filesystem::remove(target / "PG_VERSION");
      CHECK(site.rows_of(site.recover_into({"--latest", "--delta", "--yes", "studio"})) == "1,2");
    }
  }
}

TEST_CASE("a directory of something else is refused") {
  DeltaSite site;
  const auto refused = [&](const std::string& with) {
    const auto report = site.recover_into({"--latest", "--delta", "--yes", "studio"});
    CAPTURE(report.dump(1));
    CHECK(report["exit_code"] == 11);
    CHECK_THAT(report["error"]["message"].get<std::string>(), Contains(with));
  };
  std::filesystem::create_directory(site.target());
  write_text(site.target() / "precious", "x");
  site.cluster().give(site.target());
  refused("is no data directory");
  CHECK(read_text(site.target() / "precious") == "x");

  Cluster other;
  other.start_over();
  other.stop();
  std::filesystem::remove_all(site.target());
  output_of(Program{{"cp", "-a", other.data_directory().string(), site.target().string()}});
  refused("of another cluster");
  // The tablespace that the running server uses is not this directory's.
  std::filesystem::remove_all(site.target());
  output_of(
      Program{{"cp", "-a", site.cluster().data_directory().string(), site.target().string()}});
  std::filesystem::remove(site.target() / "postmaster.pid");
  std::filesystem::remove_all(site.target() / "pg_tblspc");
  const auto report = site.recover({"--latest", "--delta", "--yes", "studio"});
  CHECK(report["exit_code"] == 11);
  CHECK_THAT(report["error"]["message"].get<std::string>(), Contains("not this directory's own"));
  CHECK(site.run({"pitr-restore", "--latest", "--delta", "--dry-run"}).exit_code == 2);
}

TEST_CASE("into an empty place --delta is an ordinary recovery") {
  IncrementalSite site;
  site.archive_all();
  CHECK(site.rows_of(site.recover({"--latest", "--delta"})) == "1");
}
