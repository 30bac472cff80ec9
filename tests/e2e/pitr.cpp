// Recovery to a point in time: whole clusters lost and brought back.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/damage.hpp"
#include "support/pitr_site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("recovery ends where it was asked to, and nowhere else") {
  PitrSite site;
  site.mark(2);
  const auto between = site.now();
  site.mark(3);
  const auto lsn = site.ask("select pg_current_wal_insert_lsn()");
  site.mark(4);
  site.ask("select pg_create_restore_point('before five')");
  const auto xid = site.ask("begin; insert into marker values (5); select txid_current(); commit");
  site.mark(6);
  site.archive_all();

  SECTION("a time") {
    const auto report = site.recover({"--target-time", between});
    CHECK(report["result"]["recovery"]["paused"] == true);
    CHECK(report["result"]["recovery"]["distance_seconds"].get<double>() >= 0);
    CHECK(report["result"]["commits_after"].get<int>() >= 4);
    CHECK(site.rows_of(report) == "1,2");
  }
  SECTION("an LSN") {
    CHECK(site.rows_of(site.recover({"--target-lsn", lsn})) == "1,2,3");
  }
  SECTION("just before an LSN") {
    CHECK(site.rows_of(site.recover({"--target-lsn", lsn, "--exclusive"})) == "1,2,3");
  }
  SECTION("a restore point") {
    CHECK(site.rows_of(site.recover({"--target-name", "before five"})) == "1,2,3,4");
  }
  SECTION("a transaction") {
    CHECK(site.rows_of(site.recover({"--target-xid", xid})) == "1,2,3,4,5");
  }
  SECTION("just before a transaction") {
    CHECK(site.rows_of(site.recover({"--target-xid", xid, "--exclusive"})) == "1,2,3,4");
  }
  SECTION("the end of the archive") {
    const auto report = site.recover({"--latest"});
    CHECK(report["result"]["recovery"]["timeline"] == 2);
    CHECK(site.rows_of(report) == "1,2,3,4,5,6");
  }
  SECTION("the end of the backup") {
    CHECK(site.rows_of(site.recover({"--immediate"})) == "1");
  }
  SECTION("promoted at a time") {
    const auto report = site.recover({"--target-time", between, "--promote"});
    CHECK(report["result"]["recovery"]["paused"] == false);
    CHECK(site.rows_of(report) == "1,2");
  }
  SECTION("a rehearsal leaves nothing but its figures") {
    const auto report = site.json({"pitr-restore", "--target-time", between, "--dry-run"});
    INFO(report.dump(1));
    CHECK(report["exit_code"] == 0);
    CHECK(report["result"]["recovery"]["paused"] == true);
    CHECK(std::filesystem::is_empty(site.directory() / "state/scratch"));
  }
  SECTION("a preview writes nothing") {
    const auto report = site.run({"pitr-restore", "--target-time", between, "--preview"});
    CAPTURE(report);
    CHECK(report.exit_code == 0);
    CHECK_THAT(report.out,
               Contains(site.label) && Contains("transactions in the archive come after"));
  }
}

TEST_CASE("what cannot be reached is refused before anything is written") {
  PitrSite site;
  site.mark(2);
  const auto between = site.now();
  site.mark(3);
  const auto first = site.switch_segment();
  site.mark(4);
  const auto second = site.switch_segment();
  site.mark(5);
  site.archive_all();
  const auto refused = [&](std::vector<std::string> arguments, int code) {
    arguments.insert(arguments.begin(), {"pitr-restore", "--to", site.target().string()});
    const auto outcome = site.run(std::move(arguments));
    CAPTURE(outcome);
    CHECK(outcome.exit_code == code);
    CHECK_FALSE(std::filesystem::exists(site.target()));
    return outcome.err;
  };

  CHECK_THAT(refused({"--target-time", "2020-01-01"}, 10), Contains("no base backup ends before"));
  CHECK_THAT(refused({"--target-time", "2100-01-01"}, 10),
             Contains("cannot be reached") && Contains("the last transaction"));
  CHECK_THAT(refused({"--target-lsn", "F/0"}, 10), Contains("cannot be reached"));
  CHECK_THAT(refused({"--target-name", "nobody"}, 10),
             Contains("restore point \"nobody\" is not in the archived WAL"));
  CHECK_THAT(refused({"--latest", "--timeline", "7"}, 10), Contains("no timeline 7"));
  refused({"--latest", "--immediate"}, 2);
  refused({"--immediate", "--exclusive"}, 2);
  CHECK_THAT(refused({"--latets"}, 2), Contains("did you mean --latest?"));
  refused({}, 2);

  std::filesystem::remove(site.archived(second));
  CHECK_THAT(refused({"--latest"}, 8), Contains("lacks " + second));
  // Before the gap everything is as it was, and recovery does not ask for what is behind it.
  CHECK(site.rows_of(site.recover({"--target-time", between})) == "1,2");
  std::filesystem::remove(site.archived(first));
  CHECK_THAT(refused({"--target-time", between}, 10), Contains("cannot be reached"));
}

TEST_CASE("an existing directory is not touched") {
  PitrSite site;
  site.archive_all();
  CHECK(site.run({"pitr-restore", "--immediate", "--to", site.cluster().data_directory().string()})
            .exit_code == 11);
  const auto used = site.cluster().make_directory("used");
  write_text(used / "precious", "x");
  CHECK(site.run({"pitr-restore", "--immediate", "--to", used.string()}).exit_code == 11);
  CHECK(read_text(used / "precious") == "x");
}

TEST_CASE("no damage ends in a recovered server that is too short") {
  PitrSite site;
  site.mark(2);
  const auto damaged = site.switch_segment();
  site.mark(3);
  const auto lsn = site.ask("select pg_current_wal_insert_lsn()");
  site.mark(4);
  site.archive_all();

  SECTION("a segment") {
    flip_a_bit(site.archived(damaged));
    const auto report = site.recover({"--target-lsn", lsn});
    INFO(report.dump(1));
    CHECK(report["exit_code"] == 8);
    CHECK_THAT(report["error"]["message"].get<std::string>(), Contains(damaged));
    CHECK_FALSE(std::filesystem::exists(site.target() / "postmaster.pid"));
    // What the hint names is there to be read.
    const std::string hint = report["error"]["hint"];
    const auto log = hint.find("its whole log is ");
    REQUIRE(log != std::string::npos);
    const auto path = hint.substr(log + 17, hint.find(',', log) - log - 17);
    CHECK_THAT(read_text(path), Contains("could not restore file"));
  }
  SECTION("a part of the backup") {
    for (const auto& entry :
         std::filesystem::directory_iterator{site.store() / "studio/backups" / site.label})
      if (entry.path().extension() == ".zst") flip_a_bit(entry.path());
    CHECK(site.run({"verify", site.label, "--level", "checksum"}).exit_code == 8);
    const auto report = site.recover({"--target-lsn", lsn});
    CHECK(report["exit_code"] == 8);
  }
}

TEST_CASE("a new primary archives its own timeline, and both branches can be reached") {
  PitrSite site;
  site.mark(2);
  const auto fork = site.now();
  site.mark(3);
  site.archive_all();
  // The recovered copy takes the old one's place.
  const auto report = site.recover({"--target-time", fork, "--promote"});
  INFO(report.dump(1));
  REQUIRE(report["exit_code"] == 0);
  site.replace_server();
  site.mark(10);
  const auto second = site.back_up_cluster();
  site.mark(11);
  site.archive_all();
  CHECK(site.run({"wal-check"}).exit_code == 0);

  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2,10,11");
  CHECK(site.rows_of(site.recover({"--latest", "--backup", site.label})) == "1,2,10,11");
  CHECK(site.rows_of(site.recover({"--latest", "--backup", site.label, "--timeline", "current"})) ==
        "1,2,3");
}

TEST_CASE(
    "a configuration that came along neither leads to the old server nor keeps it from starting") {
  PitrSite site;
  auto text = read_text(site.cluster().data_directory() / "postgresql.conf");
  text += "data_directory = " + sql_literal(site.cluster().data_directory().string()) + "\n";
  write_text(site.cluster().data_directory() / "postgresql.conf", text);
  // As on a command line: higher than what the backup's files say.
  site.ask("alter system set max_connections = 120");
  site.cluster().restart();
  site.ask("alter system reset max_connections");
  const auto label = site.back_up_cluster();
  site.mark(2);
  site.archive_all();
  CHECK(site.rows_of(site.recover({"--latest", "--backup", label})) == "1,2");
  CHECK(site.run({"verify", label}).exit_code == 0);
  CHECK(site.ask("select count(*) from marker") == "2");
}

TEST_CASE("prune keeps the WAL that backups need, and all that is younger than the window") {
  PitrSite site;
  const auto keep = [&](const std::string& rules) {
    auto text = site.base_config();
    text.insert(text.find("recover:"), "    retention: {" + rules + "}\n");
    site.write_config(text);
  };
  site.mark(2);
  const auto between = site.switch_segment();
  site.wait_for_archived(between);
  const auto second = site.back_up_cluster();
  site.mark(3);
  site.archive_all();
  const auto wal_of = [&](const std::string& label, const std::string& column) {
    const std::string lsn = site.json({"show", label})["result"]["backup"][column];
    return site.ask("select pg_walfile_name(" + sql_literal(lsn) + ")");
  };
  const auto first_of_one = wal_of(site.label, "start_lsn");
  const auto first_of_two = wal_of(second, "start_lsn");

  SECTION("within the window both backups' WAL stays, what is before them goes") {
    keep("last: 5");
    const auto planned = site.json({"prune", "--dry-run"})["result"]["stores"][0]["wal"];
    CHECK(planned["since"] == site.label);
    CHECK(planned["removed"].get<int>() > 0);
    site.must({"prune"});
    CHECK(std::filesystem::exists(site.archived(first_of_one)));
    CHECK(site.json({"prune"})["result"]["stores"][0]["wal"]["removed"] == 0);
    CHECK(site.rows_of(site.recover({"--latest", "--backup", site.label})) == "1,2,3");
  }
  SECTION("beyond it an older backup keeps what makes it consistent") {
    keep("last: 5, wal: 1s");
    // Until the second backup is older than the window, and the WAL between the two goes.
    REQUIRE(wait_until(
        [&] {
          site.must({"prune"});
          return !std::filesystem::exists(site.archived(between));
        },
        std::chrono::minutes{1}));
    CHECK(std::filesystem::exists(site.archived(first_of_one)));
    CHECK(std::filesystem::exists(site.archived(first_of_two)));
    CHECK(site.run({"wal-check"}).exit_code == 0);
    CHECK(site.rows_of(site.recover({"--immediate", "--backup", site.label})) == "1");
    CHECK(site.rows_of(site.recover({"--latest"})) == "1,2,3");
  }
}
