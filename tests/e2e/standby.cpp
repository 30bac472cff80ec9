// Base backups taken from a standby, read there and through the protocol.
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "support/incremental_site.hpp"

using namespace bkp::test;

namespace {

/// A standby of the site's server, on a socket of its own.
class Standby {
 public:
  explicit Standby(IncrementalSite& site)
      : m_site{site}, m_data{site.cluster().make_directory("standby")} {
    std::filesystem::permissions(m_data, std::filesystem::perms::owner_all);
    const auto& cluster = site.cluster();
    cluster.run_program("pg_basebackup",
                        {"-h", cluster.socket_directory().string(), "-U", "postgres", "-D",
                         m_data.string(), "-R", "-X", "stream", "-c", "fast"});
    cluster.run_program("pg_ctl", {"-s", "-w", "-D", m_data.string(), "-l",
                                   m_data.string() + ".log", "-o", "-p 5433", "start"});
  }
  ~Standby() {
    m_site.cluster().run_program("pg_ctl",
                                 {"-s", "-w", "-D", m_data.string(), "-m", "immediate", "stop"});
  }

  /// The site's configuration with the standby as its cluster.
  void take_place(const std::string& more = {}) {
    auto text = m_site.base_config();
    const auto of_primary = m_site.cluster().conninfo("bkp");
    text.replace(text.find("port=5432"), 9, "port=5433");
    text.insert(text.find("  bin_directory:"), more);
    text.insert(text.find("  spool_directory:"), "  conninfo: \"" + of_primary + "\"\n");
    m_site.write_config(text);
  }

  bool has_caught_up() {
    const auto& cluster = m_site.cluster();
    return cluster.ask(cluster.socket_directory(),
                       "select pg_last_wal_replay_lsn() >= " +
                           sql_literal(m_site.ask("select pg_current_wal_flush_lsn()")),
                       5433) == "t";
  }

 private:
  IncrementalSite& m_site;
  std::filesystem::path m_data;
};

/// Ends segments on the primary as long as it lives, as archive_timeout would.
class BusyPrimary {
 public:
  explicit BusyPrimary(IncrementalSite& site)
      : m_thread{[this, &site] {
          while (!m_over) {
            site.switch_segment();
            std::this_thread::sleep_for(std::chrono::milliseconds{300});
          }
        }} {}
  ~BusyPrimary() { m_over = true; }

 private:
  std::atomic<bool> m_over = false;
  std::jthread m_thread;
};

}  // namespace

TEST_CASE("a standby is backed up, and its backups recover with the primary's WAL") {
  IncrementalSite site;
  site.ask("create table big as select i, md5(i::text) from generate_series(1, 20000) i");
  Standby standby{site};
  const bool remote = GENERATE(false, true);
  CAPTURE(remote);
  standby.take_place(remote ? "  data_directory: /var/empty\n" : "");
  std::string label;
  {
    const BusyPrimary busy{site};
    label = site.take_full();
    if (!remote) {
      site.mark(2);
      REQUIRE(wait_until([&] { return standby.has_caught_up(); }));
      label = site.take_incremental();
    }
  }
  if (remote) site.mark(2);
  site.mark(3);
  site.archive_all();
  CHECK(site.run({"verify", label}).exit_code == 0);
  CHECK(site.rows_of(site.recover({"--latest", "--backup", label})) == "1,2,3");
}
