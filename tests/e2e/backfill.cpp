// Copies that a run could not make: the next `bkp full` makes them, and those of a store that was
// too slow the same one.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "support/damage.hpp"
#include "support/site.hpp"
#include "support/sshd.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

nlohmann::json backup_of(const Site& site, const std::string& label) {
  return site.json({"show", label})["result"]["backup"];
}

/// A site with stores local and vault, a second disk that comes and goes, and a backup from a night
/// when it was away.
struct AwaySite : Site {
  std::string missed;

  explicit AwaySite(bool required) {
    add_store("vault", required);
    must({"init"});
    cluster().create_database("a");
    cluster().psql("a", "create table t as select i from generate_series(1, 3000) i");
    take_away();
    const auto report = json({"full", "--db", "a"});
    INFO(report.dump(1));
    REQUIRE(report["exit_code"] == (required ? 3 : 0));
    missed = report["result"]["backups"][0]["label"];
    bring_back();
  }

  void take_away() const { fs::rename(directory() / "vault", directory() / "away"); }
  void bring_back() const { fs::rename(directory() / "away", directory() / "vault"); }
  bool in_vault(const std::string& label) const {
    return fs::exists(directory() / "vault/studio/backups" / label / "manifest.json");
  }
};

}  // namespace

TEST_CASE("a store that was away gets what it missed with the next run") {
  AwaySite site{true};
  CHECK(backup_of(site, site.missed)["status"] == "partial");
  const auto planned = site.json({"full", "--db", "a", "--dry-run"});
  CHECK(planned["result"]["missing_copies"] ==
        nlohmann::json{{{"label", site.missed}, {"to", "vault"}}});
  CHECK_FALSE(site.in_vault(site.missed));

  const auto report = site.json({"full", "--db", "a"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  CHECK(report["result"]["copied"] == nlohmann::json{{{"label", site.missed},
                                                      {"from", "local"},
                                                      {"to", "vault"},
                                                      {"mended", false},
                                                      {"replaced", nlohmann::json::array()}}});
  CHECK(report["result"]["missing_copies"].empty());
  const auto backup = backup_of(site, site.missed);
  INFO(backup.dump(1));
  CHECK(backup["status"] == "completed");
  CHECK(backup["error_message"].is_null());
  for (const auto& copy : backup["copies"]) CHECK(copy["state"] == "completed");
  CHECK(site.run({"verify", site.missed, "--level", "checksum", "--store", "vault"}).succeeded());
  CHECK(site.json({"full", "--db", "a"})["result"]["copied"].empty());
}

TEST_CASE("a copy is brought for an optional store too, and nothing damaged is") {
  AwaySite site{false};
  flip_a_bit(site.store() / "studio/backups" / site.missed / "dump.pgc.zst");
  const auto report = site.json({"full", "--db", "a"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  CHECK(report["result"]["copied"].empty());
  CHECK(report["result"]["missing_copies"].size() == 1);
  CHECK_THAT(report["warnings"].dump(), Contains("vault") && Contains(site.missed));
  CHECK_FALSE(fs::exists(site.directory() / "vault/studio/backups" / site.missed));
  flip_a_bit(site.store() / "studio/backups" / site.missed / "dump.pgc.zst");
  CHECK(site.json({"full", "--db", "a"})["result"]["copied"].size() == 1);
  CHECK(site.in_vault(site.missed));
}

TEST_CASE("a copy the store has after all, without the run having heard of it, is noted") {
  AwaySite site{true};
  fs::create_directories(site.directory() / "vault/studio/backups");
  fs::copy(site.store() / "studio/backups" / site.missed,
           site.directory() / "vault/studio/backups" / site.missed, fs::copy_options::recursive);
  const auto report = site.json({"full", "--db", "a"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  CHECK(report["result"]["copied"].empty());
  CHECK(backup_of(site, site.missed)["status"] == "completed");
}

TEST_CASE("two stores that missed the same backups get them, all but those that must wait") {
  AwaySite site{true};
  site.add_store("third");
  site.must({"init"});
  site.take_away();
  fs::rename(site.directory() / "third", site.directory() / "third_away");
  const std::string second = site.json({"full", "--db", "a"})["result"]["backups"][0]["label"];
  site.bring_back();
  fs::rename(site.directory() / "third_away", site.directory() / "third");
  const auto report = site.json({"full", "--db", "a"});
  INFO(report.dump(1));
  CHECK(report["exit_code"] == 0);
  CHECK(report["result"]["copied"].size() == 3);
  for (const auto& label : {site.missed, second}) {
    const auto backup = backup_of(site, label);
    INFO(backup.dump(1));
    CHECK(backup["status"] == "completed");
    for (const auto& copy : backup["copies"]) CHECK(copy["state"] == "completed");
  }
}

TEST_CASE("a copy comes from another store when the first has it no more") {
  AwaySite site{true};
  site.add_store("third");
  site.must({"init"});
  site.must({"copy", "--to", "third"});
  fs::rename(site.store(), site.directory() / "gone");
  fs::create_directories(site.store());
  fs::permissions(site.store(), fs::perms::owner_all);
  const auto report = site.json({"full", "--db", "a"});
  INFO(report.dump(1));
  CHECK(report["result"]["copied"] == nlohmann::json{{{"label", site.missed},
                                                      {"from", "third"},
                                                      {"to", "vault"},
                                                      {"mended", false},
                                                      {"replaced", nlohmann::json::array()}}});
}

TEST_CASE("when the backup window is over one copy of an earlier run is begun, the next waits") {
  AwaySite site{true};
  site.take_away();
  const std::string second = site.json({"full", "--db", "a"})["result"]["backups"][0]["label"];
  site.bring_back();
  site.write_config(site.base_config() +
                    "objectives: {window: 1s}\n"
                    "limits: {rate: 10KiB/s}\n");
  site.add_store("vault");
  const auto report = site.json({"full", "--db", "a"});
  INFO(report.dump(1));
  CHECK(report["result"]["copied"].size() == 1);
  CHECK(report["result"]["copied"][0]["label"] == second);
  CHECK(report["result"]["missing_copies"] ==
        nlohmann::json{{{"label", site.missed}, {"to", "vault"}}});
  CHECK_THAT(report["warnings"].dump(),
             Contains("1 copy of earlier backups waits for the next run") && Contains("bkp copy"));
  CHECK(report["result"]["backups"][0]["status"] == "completed");
}

TEST_CASE("bkp copy completes a partial backup") {
  AwaySite site{true};
  site.must({"copy", site.missed, "--to", "vault"});
  CHECK(backup_of(site, site.missed)["status"] == "completed");
}

TEST_CASE("a store slower than the others does not hold the dump, and gets its copy afterwards") {
  Site site;
  // An SFTP server that can be stopped in the middle.
  const fs::path pids = site.directory() / "sftp.pids";
  const fs::path server = site.directory() / "sftp-server";
  write_text(server,
             "#!/bin/sh\necho $$ >> " + pids.string() + "\nexec /usr/lib/openssh/sftp-server\n");
  fs::permissions(server, fs::perms::owner_all);
  const auto signal_last_server = [&](int number) {
    std::istringstream lines{read_text(pids)};
    pid_t last = 0;
    for (pid_t pid = 0; lines >> pid;) last = pid;
    ::kill(last, number);
  };
  const Sshd sshd{{.sftp = server.string()}};
  write_text(site.directory() / "known_hosts", sshd.known_hosts_line() + "\n");
  auto config = site.base_config();
  config.insert(config.find("recover:"),
                "  - name: vault\n"
                "    url: " +
                    sshd.url(site.directory() / "vault") +
                    "\n"
                    "    key_file: " +
                    sshd.key().string() +
                    "\n"
                    "    known_hosts_file: " +
                    (site.directory() / "known_hosts").string() + "\n");
  site.write_config(config +
                    "full: {slow_store_timeout: 1s}\n"
                    "limits: {rate: 30MiB/s}\n");
  site.must({"init"});
  site.cluster().create_database("a");
  site.cluster().psql("a",
                      "create table t as select (select string_agg(sha256((i * 1000 + "
                      "j)::text::bytea), '') from generate_series(1, 1000) j) b "
                      "from generate_series(1, 1500) i");

  auto full = site.bkp().command({"full", "--db", "a", "--json"}).start();
  const auto backups = [&](const std::string& store) {
    return site.directory() / store / "studio/backups";
  };
  const auto begun = [&] {
    std::error_code ignored;
    for (const auto& file : fs::recursive_directory_iterator{backups("vault"), ignored}) {
      if (file.is_regular_file() && file.file_size() > 1'000'000) return true;
    }
    return false;
  };
  REQUIRE(wait_until(begun));
  signal_last_server(SIGSTOP);
  const auto committed = [&](const std::string& store) {
    std::error_code ignored;
    for (const auto& label : fs::directory_iterator{backups(store), ignored}) {
      if (fs::exists(label.path() / "manifest.json")) return true;
    }
    return false;
  };
  const bool local_committed = wait_until([&] { return committed("store"); });
  const bool still_running = full.running();
  signal_last_server(SIGCONT);
  const auto outcome = full.wait();
  CAPTURE(outcome);
  CHECK(local_committed);
  CHECK(still_running);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("too slow"));
  const auto report = nlohmann::json::parse(outcome.out);
  CHECK(report["result"]["backups"][0]["status"] == "completed");
  CHECK(report["result"]["copied"].size() == 1);
  CHECK(committed("vault"));
  CHECK(site.run({"verify", "--all", "--level", "checksum", "--store", "vault"}).succeeded());
}
